// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pulled_iterator.hpp"

#include <dunnage/container_store.hpp>

#include <pybind11/pybind11.h>

#include <string>
#include <utility>

namespace dunnage::python {

/// A LogEntry that owns its bytes.
struct OwnedLogEntry {
  LogEntry::Stream stream = LogEntry::Stream::Out;
  std::chrono::system_clock::time_point time;
  std::string data;

  OwnedLogEntry(LogEntry::Stream of, std::chrono::system_clock::time_point at, std::string bytes)
      : stream{of}, time{at}, data{std::move(bytes)} {}
  explicit OwnedLogEntry(const LogEntry& entry) : OwnedLogEntry{entry.stream, entry.time, std::string{entry.data}} {}
};

/// The iterator of a log.
class LogEntries : public PulledIterator<LogReader, OwnedLogEntry> {
 public:
  explicit LogEntries(LogReader reader) : PulledIterator{std::move(reader), "a log"} {}
};

/// follow=, tail=, since= of a call that is named `owner` in messages.
[[nodiscard]] LogOptions log_options_from(const char* owner, const pybind11::kwargs& kwargs);

void bind_log_entries(pybind11::module_& module);

}  // namespace dunnage::python
