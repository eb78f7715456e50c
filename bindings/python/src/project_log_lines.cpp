// SPDX-License-Identifier: Apache-2.0
#include "project_log_lines.hpp"

#include "blocking.hpp"
#include "closed.hpp"
#include "gil.hpp"
#include "log_iterator.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace dunnage::python {
namespace {

constexpr std::size_t kReadAhead = std::size_t{1} << 20U;  // bytes

struct Stopped {};  ///< ends a reading whose lines nobody wants any more

}  // namespace

ProjectLogLines::ProjectLogLines(ContainerStore store, std::vector<std::string> containers, LogOptions options)
    : owner_{::getpid()}, ready_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  if (ready_ < 0) throw std::system_error{errno, std::generic_category(), "cannot read a log"};
  options.stop = stop_.get_token();
  try {
    reader_ = start_without_signals([this, store = std::move(store), containers = std::move(containers),
                                     options = std::move(options)] { read(store, containers, options); });
  } catch (...) {
    (void)::close(ready_);
    throw;
  }
}

ProjectLogLines::~ProjectLogLines() {
  end();
  (void)::close(ready_);
}

void ProjectLogLines::Drop::operator()(ProjectLogLines* lines) const {
  if (lines->owner_ == ::getpid()) delete_without_gil(lines);
}

void ProjectLogLines::read(const ContainerStore& store, const std::vector<std::string>& containers,
                           const LogOptions& options) {
  std::exception_ptr failure;
  try {
    project_logs(
        store, containers, [this](const ProjectLogLine& line) { push(line); }, options);
  } catch (const Stopped&) {
  } catch (...) {
    failure = std::current_exception();
  }
  const std::scoped_lock lock{mutex_};
  failure_ = failure;
  ended_ = true;
  (void)::eventfd_write(ready_, 1);
}

void ProjectLogLines::push(const ProjectLogLine& line) {
  std::unique_lock lock{mutex_};
  room_.wait(lock, [this] { return closing_ || bytes_ < kReadAhead; });
  if (closing_) throw Stopped{};
  lines_.push_back(line);
  bytes_ += line.text.size();
  (void)::eventfd_write(ready_, 1);
}

std::optional<ProjectLogLine> ProjectLogLines::next() {
  require_reader(owner_);
  for (;;) {
    {
      const std::scoped_lock lock{mutex_};
      if (closing_) return std::nullopt;
      if (!lines_.empty()) {
        ProjectLogLine line = std::move(lines_.front());
        lines_.pop_front();
        bytes_ -= line.text.size();
        room_.notify_one();
        return line;
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

void ProjectLogLines::close() {
  if (::getpid() != owner_) return;
  const Unlocked released;
  end();
}

void ProjectLogLines::end() {
  {
    const std::scoped_lock lock{mutex_};
    closing_ = true;
    lines_.clear();
    (void)::eventfd_write(ready_, 1);
  }
  room_.notify_one();
  (void)stop_.request_stop();
  if (reader_.joinable()) reader_.join();
}

}  // namespace dunnage::python
