// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The record a volume carries, as text.
///
///     {"checksum":"6b2d11a0",
///     "version":1,"name":"db-data","created_at":"2026-11-24T23:55:01.000000000Z","labels":{},"anonymous":false,"owner":""}
///
/// `"protected":true`, `"access":"exclusive"` and `"limit":{"size":1048576,"inodes":0,"way":"btrfs-quota"}` are there
/// if they are not the defaults; the last one makes it version 2. Members it does not know are passed over, and stay
/// when the record is changed.
///
/// It is JSON for people and tools; the checksum (CRC-32) covers every byte after the first line, so that a reader
/// knows damage from a value before it believes one.

#include <dunnage/volume.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::volume {

/// More than this is neither written nor read.
inline constexpr std::size_t kMaxMetadataBytes = std::size_t{1} << 20U;

/// \return nothing if a label or the owner is not UTF-8, or the whole is larger than kMaxMetadataBytes
[[nodiscard]] std::optional<std::string> encode_metadata(const VolumeInfo& volume);

/// The record `previous`, which is whole, with what is in `volume` instead of what it said.
/// \return as encode_metadata()
[[nodiscard]] std::optional<std::string> encode_changed_metadata(std::string_view previous, const VolumeInfo& volume);

/// Fills all of `volume` but the mountpoint.
/// \param name what the volume's directory is called; a record that names another volume is damaged
/// \return what is wrong with the text; nothing if it is whole
[[nodiscard]] std::optional<std::string> decode_metadata(std::string_view text, std::string_view name,
                                                         VolumeInfo& volume);

/// Whether it is whole, and of a format, or says something, that only a newer version of this library understands.
[[nodiscard]] bool is_newer_metadata(std::string_view text);

/// Whether it, damaged or not, says that the volume is protected.
[[nodiscard]] bool says_protected(std::string_view text, std::string_view name);

/// The first line, with the checksum of what follows, put before members of a JSON object and its closing brace. Other
/// records of the store begin like this, too.
[[nodiscard]] std::string with_checksum(std::string_view body);
/// What is wrong with the first line; nothing if the text is what was written.
[[nodiscard]] std::optional<std::string> checksum_fault(std::string_view text);
/// What follows it, when there is no fault.
[[nodiscard]] std::string_view without_checksum(std::string_view text);

}  // namespace dunnage::volume
