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

/// The size that is held for one that was asked for.
[[nodiscard]] constexpr std::uint64_t held_size(std::uint64_t asked) noexcept {
  return asked / kLimitStep * kLimitStep;
}

/// Of data that lies in the store. Looks, and changes nothing.
/// \param instead  what an ordinary user can do, who can have no such limit
/// Throws: VolumeError(not_supported, invalid_argument); CallError.
[[nodiscard]] VolumeLimitPlan choose_limit_in_store(const Layout& layout, const Deed& deed, const VolumeLimit& asked,
                                                    const char* instead);

/// The same of a volume, whose driver's options may say that it lies elsewhere.
[[nodiscard]] VolumeLimitPlan choose_limit(const Layout& layout, const Deed& deed, const VolumeLimit& limit,
                                           const DriverOptions& driver_options);

}  // namespace dunnage::volume
