// SPDX-License-Identifier: Apache-2.0
#include "log_entries.hpp"

#include "value.hpp"

#include <utility>

namespace dunnage::python {
namespace {

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

std::unique_ptr<LogEntries> read_log(ContainerStore store, std::string name, LogOptions options) {
  return std::make_unique<LogEntries>([store = std::move(store), name = std::move(name), options = std::move(options)](
                                          const LogEntries::Push& push, const std::stop_token& stop) {
    LogOptions stoppable = options;
    stoppable.stop = stop;
    store.logs(
        name,
        [&push](const LogEntry& entry) {
          push({entry.stream, entry.time, std::string{entry.data}}, entry.data.size());
        },
        stoppable);
  });
}

LogOptions log_options_from(const char* owner, const py::kwargs& kwargs) {
  struct Call {
    LogOptions options{};
    std::optional<std::uint64_t> tail{};
  };
  Fields<Call> fields{owner};
  fields
      .option(
          "follow", [](auto& call) -> auto& { return call.options.follow; })
      .option("tail", &Call::tail)
      .option(
          "since", [](auto& call) -> auto& { return call.options.since; });
  Call call = fields.parse(py::args{}, kwargs);
  if (call.tail) call.options.tail = static_cast<std::size_t>(*call.tail);
  return call.options;
}

void bind_log_entries(py::module_& module) {
  bind_log_entry(module);
  (void)define_read_ahead<OwnedLogEntry>(module, "LogEntries",
                                         "The entries of a log; ContainerStore.logs() makes them.");
}

}  // namespace dunnage::python
