// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a worker found, many records in one message.

#include "kernel/call_error.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace dunnage::launcher {

/// Calls `sink(const Record&, std::string_view path)` for each. Throws: kernel::CallError(EBADMSG).
template <typename Record, typename Sink>
void each_found(std::span<const std::byte> payload, const Sink& sink) {
  while (!payload.empty()) {
    Record record;
    if (payload.size() < sizeof record) {
      throw kernel::CallError{"read what the launcher says", EBADMSG};
    }
    std::memcpy(&record, payload.data(), sizeof record);
    payload = payload.subspan(sizeof record);
    if (payload.size() < record.path_size) {
      throw kernel::CallError{"read what the launcher says", EBADMSG};
    }
    sink(record, {reinterpret_cast<const char*>(payload.data()), record.path_size});
    payload = payload.subspan(record.path_size);
  }
}

}  // namespace dunnage::launcher
