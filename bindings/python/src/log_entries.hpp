// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "read_ahead.hpp"

#include <dunnage/container_store.hpp>

#include <pybind11/pybind11.h>

#include <chrono>
#include <memory>
#include <string>

namespace dunnage::python {

/// A LogEntry that owns its bytes.
struct OwnedLogEntry {
  LogEntry::Stream stream = LogEntry::Stream::Out;
  std::chrono::system_clock::time_point time;
  std::string data;
};

/// The iterator of a log.
using LogEntries = ReadAhead<OwnedLogEntry>;

[[nodiscard]] std::unique_ptr<LogEntries> read_log(ContainerStore store, std::string name, LogOptions options);
/// follow=, tail=, since= of a call that is named `owner` in messages.
[[nodiscard]] LogOptions log_options_from(const char* owner, const pybind11::kwargs& kwargs);

void bind_log_entries(pybind11::module_& module);

}  // namespace dunnage::python
