// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a worker found, as it says it in messages of the kind Found. Nothing outside of a message is read; what is no
/// such message is a kernel::CallError with EBADMSG.

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/changes.hpp"
#include "launcher/examine.hpp"
#include "launcher/look.hpp"
#include "launcher/pack_tree.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace dunnage::launcher {

[[noreturn]] inline void refuse_message() { throw kernel::CallError{"read what the launcher says", EBADMSG}; }

/// Of WorkKind::Changes: many in one message.
void each_change(std::span<const std::byte> payload, const ChangeSink& sink);
/// Of WorkKind::Pack. The entry refers to the payload.
[[nodiscard]] PackedEntry packed_entry(std::span<const std::byte> payload, int file);
/// Of WorkKind::Look.
[[nodiscard]] Look seen_at(std::span<const std::byte> payload);
/// Of WorkKind::Examine.
[[nodiscard]] Examination examination_of(std::span<const std::byte> payload, kernel::FileDescriptor found);

/// Calls `sink(const Record&, std::string_view path)` for each.
template <typename Record, typename Sink>
void each_found(std::span<const std::byte> payload, const Sink& sink) {
  while (!payload.empty()) {
    Record record;
    if (payload.size() < sizeof record) {
      refuse_message();
    }
    std::memcpy(&record, payload.data(), sizeof record);
    payload = payload.subspan(sizeof record);
    if (payload.size() < record.path_size) {
      refuse_message();
    }
    sink(record, {reinterpret_cast<const char*>(payload.data()), record.path_size});
    payload = payload.subspan(record.path_size);
  }
}

}  // namespace dunnage::launcher
