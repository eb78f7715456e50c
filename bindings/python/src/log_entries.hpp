// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/container_store.hpp>

#include <pybind11/pybind11.h>

#include <mutex>
#include <optional>
#include <string>

namespace dunnage::python {

/// A LogEntry that owns its bytes.
struct OwnedLogEntry {
  LogEntry::Stream stream = LogEntry::Stream::Out;
  std::chrono::system_clock::time_point time;
  std::string data;
};

/// The iterator of a log. Any thread may read and close it, one entry at a time.
class LogEntries {
 public:
  explicit LogEntries(LogReader reader);
  LogEntries(const LogEntries&) = delete;
  LogEntries& operator=(const LogEntries&) = delete;
  ~LogEntries();

  /// Called with the GIL, which it lets go. Empty at the end. Throws: what reading throws; what a signal handler
  /// raised.
  [[nodiscard]] std::optional<OwnedLogEntry> next();
  /// The same without waiting: empty if there is none now.
  [[nodiscard]] std::optional<OwnedLogEntry> poll();
  [[nodiscard]] bool ended() const;
  /// LogReader::fd().
  [[nodiscard]] int descriptor() const;
  void close();

 private:
  int owner_;  ///< process
  mutable std::mutex mutex_;
  LogReader reader_;
  bool closed_ = false;
  int closing_;  ///< an eventfd that can be read when it is closed
};

/// follow=, tail=, since= of a call that is named `owner` in messages.
[[nodiscard]] LogOptions log_options_from(const char* owner, const pybind11::kwargs& kwargs);

void bind_log_entries(pybind11::module_& module);

}  // namespace dunnage::python
