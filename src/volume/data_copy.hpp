// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The data of a volume, copied into a directory in the making: as fast as the file system can, and completely.

#include <dunnage/progress.hpp>
#include <dunnage/volume_snapshot.hpp>

#include "volume/layout.hpp"
#include "volume/snapshots.hpp"
#include "volume/stage.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace dunnage::volume {

/// What was done, and how.
struct CopiedData {
  SnapshotWay way = SnapshotWay::Copy;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t copied = 0;  ///< of the bytes, those that were written
};

struct DataCopy {
  int from = -1;             ///< a directory, O_PATH will do
  bool quiet = false;        ///< nobody changes it meanwhile
  bool unsynced = false;     ///< the caller has it synced
  bool gives_away = false;   ///< all of it belongs to the containers' root then
  std::vector<int> locks{};  ///< held as long as anybody reads it
};

/// Makes the data directory of `stage` as the one that is copied. On the disk on return.
/// Throws: VolumeError, and nothing of it stays; CallError.
[[nodiscard]] CopiedData copy_data(const Deed& deed, const Stage& stage, const DataCopy& copy, const Watch& watch);

/// Deletes the data of a stage, which an ordinary user may not do himself when it belongs to other ids. What cannot be
/// deleted is swept by a later call.
void take_data_back(const Stage& stage) noexcept;

struct LiveCopy {
  CopiedData data{};
  SnapshotConsistency consistency = SnapshotConsistency::Idle;
};

/// The same of a volume that may be in use, and how much that says. It is not locked: containers come and go, it may be
/// removed or rolled back, and then this fails.
/// Throws: as copy_data(), VolumeError(volume_missing), what `freeze` throws.
[[nodiscard]] LiveCopy copy_live_data(const Layout& layout, const Deed& deed, const OpenVolume& volume,
                                      const Stage& stage, const FreezeHook& freeze, const Watch& watch);

/// The same of a snapshot. Throws: as copy_data(), VolumeError(snapshot_missing) if it was removed meanwhile.
[[nodiscard]] CopiedData copy_snapshot_data(const Deed& deed, const OpenSnapshot& snapshot, const Stage& stage,
                                            const Watch& watch);

/// Work that reads a snapshot, which may be removed meanwhile: then that is why it failed, or what it did counts for
/// nothing. Throws: VolumeError(snapshot_missing); what `work` throws.
template <typename Work>
auto with_snapshot(const Deed& deed, const OpenSnapshot& snapshot, Work&& work) {
  try {
    auto done = work();
    require_snapshot(deed, snapshot);
    return done;
  } catch (const VolumeError&) {
    require_snapshot(deed, snapshot);
    throw;
  }
}

/// What copying the volume would cost. Throws: as copy_data().
[[nodiscard]] SnapshotPlan plan_copy(const Layout& layout, const Deed& deed, const OpenVolume& volume,
                                     const Watch& watch);

}  // namespace dunnage::volume
