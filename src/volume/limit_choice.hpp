// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which way would hold the limit of a new volume, and why.

#include <dunnage/volume.hpp>

#include "volume/deed.hpp"
#include "volume/layout.hpp"

#include <cstdint>

namespace dunnage::volume {

/// Whether the data is a file system in an image.
[[nodiscard]] constexpr bool is_image(LimitWay way) noexcept {
  return way == LimitWay::XfsImage || way == LimitWay::Ext4Image;
}
/// Whether the data is a place in the store that has a limit.
[[nodiscard]] constexpr bool is_in_store(LimitWay way) noexcept { return is_image(way) || way == LimitWay::BtrfsQuota; }

inline constexpr std::uint64_t kLimitStep = 4096;

/// Of a file system of that size, the block it is made of: what mke2fs(8) takes by default.
[[nodiscard]] constexpr std::uint64_t ext4_block(std::uint64_t size) noexcept {
  constexpr std::uint64_t kSmall = std::uint64_t{512} << 20U;
  return size < kSmall ? 1024 : 4096;
}
/// Inodes that ext4 keeps for itself, one of which is the root's.
inline constexpr std::uint64_t kExt4OwnInodes = 10;

/// Looks, and changes nothing. Throws: VolumeError(not_supported, invalid_argument); CallError.
[[nodiscard]] VolumeLimitPlan choose_limit(const Layout& layout, const Deed& deed, const VolumeLimit& limit,
                                           const DriverOptions& driver_options);

}  // namespace dunnage::volume
