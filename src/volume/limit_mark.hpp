// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which way the limit of a volume is held, before anything is mounted: a file `limit` beside the data, for what is in
/// the data itself may be a container's. No file: there is no limit, or it is in memory.
///
///     volumes/NAME/limit    "ext4-image"
///     volumes/NAME/limit    {"checksum":...,"before":{...},"after":{...},"data":4711}      while the data moves
///
/// The second form says which data the new limit holds, by its identity (kernel/subvolume.hpp). So whoever looks knows
/// how to open what is there, before and after the instant at which it is exchanged: see limit_move.hpp.

#include <dunnage/volume.hpp>

#include "volume/layout.hpp"
#include "volume/stage.hpp"

#include <cstdint>
#include <optional>

namespace dunnage::volume {

inline constexpr const char* kLimitName = "limit";

struct HeldLimit {
  VolumeLimit limit{};
  LimitWay way = LimitWay::None;

  friend bool operator==(const HeldLimit&, const HeldLimit&) = default;
};

/// What is known of a volume has that limit.
inline void take_limit(VolumeInfo& volume, const HeldLimit& held) {
  volume.limit = held.limit;
  volume.limit_way = held.way;
}

/// Data on its way from one limit to another.
struct LimitMove {
  HeldLimit before{};
  HeldLimit after{};
  std::uint64_t data = 0;  ///< identity of what `after` holds
};

/// \param directory  of a volume, or of a stage. Throws: CallError, with EUCLEAN for what nobody knows.
[[nodiscard]] LimitWay limit_way_of(int directory);

/// The move that was begun and not settled, and which of its limits holds the data that is there.
struct SeenMove {
  LimitMove move{};
  bool moved = false;

  [[nodiscard]] const HeldLimit& held() const noexcept { return moved ? move.after : move.before; }
};
/// Throws: as limit_way_of().
[[nodiscard]] std::optional<SeenMove> limit_move_of(int directory);

/// The mark of a stage. On the disk on return, but for its name. Throws: CallError.
void mark_limited(const Stage& stage, LimitWay way);

/// Puts it in the place of the mark of a volume, at one instant, and on the disk. Throws: CallError.
void put_mark(const Layout& layout, int directory, LimitWay way);
void put_mark(const Layout& layout, int directory, const LimitMove& move);

}  // namespace dunnage::volume
