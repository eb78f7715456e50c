// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The record a snapshot carries, as text; it begins as that of a volume, see metadata.hpp.
///
///     {"checksum":"6b2d11a0",
///     "version":1,"snapshot":"seeded","created_at":"2026-11-24T23:55:01.000000000Z","labels":{},"way":"reflink",
///     "consistency":"idle","entries":971,"bytes":40108032,"copied":0,"limit":{"size":0,"inodes":0,"way":"none"}}
///
/// It does not name its volume, so that it goes along when that gets another name. Without a limit in it, it is from
/// before volumes could get another one: it has its volume's.

#include <dunnage/volume_snapshot.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace dunnage::volume {

/// \return nothing if a label is not UTF-8, or the whole is larger than kMaxMetadataBytes
[[nodiscard]] std::optional<std::string> encode_snapshot(const VolumeSnapshot& snapshot);

/// Fills all of `snapshot` but its volume and its mountpoint; and what it does not say of its limit, see `says_limit`.
/// \param name what the snapshot's directory is called
/// \return what is wrong with the text; nothing if it is whole
[[nodiscard]] std::optional<std::string> decode_snapshot(std::string_view text, std::string_view name,
                                                         VolumeSnapshot& snapshot, bool& says_limit);

/// Whether it is whole, and of a format that only a newer version of this library reads.
[[nodiscard]] bool is_newer_snapshot(std::string_view text);

}  // namespace dunnage::volume
