// SPDX-License-Identifier: Apache-2.0
#include "log_entries.hpp"

#include "blocking.hpp"
#include "closed.hpp"
#include "gil.hpp"
#include "value.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <pthread.h>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace dunnage::python {
namespace {

constexpr std::size_t kReadAhead = std::size_t{1} << 20U;  // bytes

struct Stopped {};  ///< ends a reading whose entries nobody wants any more

}  // namespace

LogEntries::LogEntries(ContainerStore store, std::string name, LogOptions options)
    : owner_{::getpid()}, ready_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  if (ready_ < 0) throw std::system_error{errno, std::generic_category(), "cannot read a log"};
  options.stop = stop_.get_token();
  // A thread inherits the mask; the signals are for the threads of the host.
  sigset_t all;
  sigset_t before;
  (void)::sigfillset(&all);
  (void)::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    reader_ = std::make_unique<std::thread>([this, store = std::move(store), name = std::move(name),
                                             options = std::move(options)] { read(store, name, options); });
  } catch (...) {
    (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    (void)::close(ready_);
    throw;
  }
  (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LogEntries::~LogEntries() {
  if (PyGILState_Check() != 0) {
    const Unlocked released;
    close();
  } else {
    close();
  }
  (void)::close(ready_);
}

void LogEntries::read(const ContainerStore& store, const std::string& name, LogOptions options) {
  std::exception_ptr failure;
  try {
    store.logs(
        name, [this](const LogEntry& entry) { push(entry); }, options);
  } catch (const Stopped&) {
  } catch (...) {
    failure = std::current_exception();
  }
  const std::scoped_lock lock{mutex_};
  failure_ = failure;
  ended_ = true;
  (void)::eventfd_write(ready_, 1);
}

void LogEntries::push(const LogEntry& entry) {
  std::unique_lock lock{mutex_};
  room_.wait(lock, [this] { return closing_ || bytes_ < kReadAhead; });
  if (closing_) throw Stopped{};
  entries_.push_back({entry.stream, entry.time, std::string{entry.data}});
  bytes_ += entry.data.size();
  (void)::eventfd_write(ready_, 1);
}

std::optional<OwnedLogEntry> LogEntries::next() {
  if (::getpid() != owner_) throw Closed{"this log is read by the process that forked this one; ask the store again"};
  for (;;) {
    {
      const std::scoped_lock lock{mutex_};
      if (closing_) return std::nullopt;
      if (!entries_.empty()) {
        auto entry = std::move(entries_.front());
        entries_.pop_front();
        bytes_ -= entry.data.size();
        room_.notify_one();
        return entry;
      }
      if (ended_) {
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
        return std::nullopt;
      }
      eventfd_t ignored = 0;
      (void)::eventfd_read(ready_, &ignored);
    }
    (void)wait_readable(ready_, {});
  }
}

void LogEntries::close() {
  if (::getpid() != owner_) {  // a fork has no such thread, and the lock may be anyone's
    (void)reader_.release();   // neither joined nor detached: there is nothing
    return;
  }
  {
    const std::scoped_lock lock{mutex_};
    closing_ = true;
    entries_.clear();
    (void)::eventfd_write(ready_, 1);
  }
  room_.notify_one();
  stop_.request_stop();
  if (reader_ && reader_->joinable()) reader_->join();
}

namespace {

void close_released(LogEntries& self) {
  const Unlocked released;
  self.close();
}

void bind_log_entry(py::module_& module) {
  py::class_<OwnedLogEntry> cls{module, "LogEntry", "A piece of a log, as the program wrote it: `data` is bytes."};
  adopt(cls);
  Enumeration<LogEntry::Stream>::define(
      cls, "Stream", "Which of a program's streams.",
      {{"Out", LogEntry::Stream::Out, "stdout"}, {"Err", LogEntry::Stream::Err, "stderr"}});
  cls.def_property_readonly("stream", [](const OwnedLogEntry& self) { return self.stream; })
      .def_property_readonly("time", [](const OwnedLogEntry& self) { return self.time; })
      .def_property_readonly("data", [](const OwnedLogEntry& self) { return py::bytes{self.data}; })
      .def("__str__", [](const OwnedLogEntry& self) { return self.data; })
      .def("__repr__",
           [](const OwnedLogEntry& self) {
             return "<dunnage.LogEntry " +
                    Enumeration<LogEntry::Stream>::to(self.stream).attr("value").cast<std::string>() + " " +
                    repr_of(py::bytes{self.data}) + ">";
           })
      .def("__eq__",
           [](const OwnedLogEntry& left, const py::object& other) {
             if (!py::isinstance<OwnedLogEntry>(other)) return false;
             const auto& right = other.cast<const OwnedLogEntry&>();
             return left.stream == right.stream && left.time == right.time && left.data == right.data;
           })
      .def("__hash__", [](const OwnedLogEntry& self) { return py::hash(py::bytes{self.data}); })
      .def(py::pickle(
          [](const OwnedLogEntry& self) {
            return py::make_tuple(self.stream, self.time.time_since_epoch().count(), py::bytes{self.data});
          },
          [](const py::tuple& state) {
            return OwnedLogEntry{state[0].cast<LogEntry::Stream>(),
                                 TimePoint{TimePoint::duration{state[1].cast<TimePoint::rep>()}},
                                 state[2].cast<std::string>()};
          }));
}

}  // namespace

void bind_log_entries(py::module_& module) {
  bind_log_entry(module);
  py::class_<LogEntries> entries{module, "LogEntries", "The entries of a log; ContainerStore.logs() makes them."};
  adopt(entries);
  entries
      .def(
          "__iter__", [](LogEntries& self) -> LogEntries& { return self; }, py::return_value_policy::reference)
      .def("__next__",
           [](LogEntries& self) {
             auto entry = self.next();
             if (!entry) throw py::stop_iteration{};
             return std::move(*entry);
           })
      .def("close", close_released)
      .def(
          "__enter__", [](LogEntries& self) -> LogEntries& { return self; }, py::return_value_policy::reference)
      .def("__exit__", [](LogEntries& self, const py::args&) { close_released(self); });
}

}  // namespace dunnage::python
