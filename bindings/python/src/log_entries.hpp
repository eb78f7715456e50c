// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/container_store.hpp>

#include <pybind11/pybind11.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace dunnage::python {

/// A LogEntry that owns its bytes.
struct OwnedLogEntry {
  LogEntry::Stream stream = LogEntry::Stream::Out;
  std::chrono::system_clock::time_point time;
  std::string data;
};

/// The iterator of a log. The library pushes, Python pulls: a thread reads ahead, a little.
class LogEntries {
 public:
  LogEntries(ContainerStore store, std::string name, LogOptions options);
  LogEntries(const LogEntries&) = delete;
  LogEntries& operator=(const LogEntries&) = delete;
  ~LogEntries();

  /// Called with the GIL, which it lets go. Empty at the end. Throws: what reading throws; what a signal handler
  /// raised.
  [[nodiscard]] std::optional<OwnedLogEntry> next();
  void close();

 private:
  void read(const ContainerStore& store, const std::string& name, LogOptions options);
  void push(const LogEntry& entry);

  int owner_;  ///< process
  std::mutex mutex_;
  std::condition_variable room_;
  std::deque<OwnedLogEntry> entries_;
  std::size_t bytes_ = 0;
  bool closing_ = false;
  bool ended_ = false;
  std::exception_ptr failure_;
  int ready_;  ///< an eventfd that can be read while there is an entry or the end
  std::stop_source stop_;
  std::unique_ptr<std::thread> reader_;
};

void bind_log_entries(pybind11::module_& module);

}  // namespace dunnage::python
