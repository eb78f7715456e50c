// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The snapshots of a volume, in its directory: `snapshots/NAME/{metadata,lock,_data}`. Nobody holds a lock on one:
/// who reads from it looks afterwards whether it still is there, for what is taken away is renamed first.

#include <dunnage/error.hpp>
#include <dunnage/volume_snapshot.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/deed.hpp"
#include "volume/layout.hpp"

#include <optional>
#include <string>
#include <vector>

namespace dunnage::volume {

inline constexpr const char* kSnapshotsName = "snapshots";

/// \param place  the directory of all of them; -1: there is none
[[nodiscard]] VolumeError snapshot_missing_failure(const Deed& deed, int place, const std::string& snapshot);
[[nodiscard]] VolumeError snapshot_exists_failure(const Deed& deed, const std::string& snapshot);

/// A volume whose history can be kept.
struct OpenVolume {
  VolumeInfo info;
  kernel::FileDescriptor directory;  ///< readable
  kernel::FileDescriptor data;       ///< O_PATH
};

/// What is known of its limit is that of the data that was opened, also while that changes.
/// Throws: VolumeError(volume_missing, volume_damaged, not_supported), CallError.
[[nodiscard]] OpenVolume open_volume(const Layout& layout, const Deed& deed);

/// A snapshot that is there.
struct OpenSnapshot {
  VolumeSnapshot info;
  kernel::FileDescriptor place;      ///< the directory of all of them
  kernel::FileDescriptor directory;  ///< readable
  kernel::FileDescriptor data;       ///< O_PATH
  bool says_limit = true;            ///< itself; else it is from before volumes could get another one
};

/// Throws: VolumeError(snapshot_missing, volume_damaged, not_supported), CallError.
[[nodiscard]] OpenSnapshot open_snapshot(const Layout& layout, const Deed& deed, int volume,
                                         const std::string& snapshot);

/// Throws: VolumeError(snapshot_missing) if it has been removed since.
void require_snapshot(const Deed& deed, const OpenSnapshot& snapshot);

/// The directory of a volume's snapshots, readable. \return empty if there is none. Throws: CallError.
[[nodiscard]] kernel::FileDescriptor open_snapshots(int volume);
/// The same, made if it is missing; synced then. Throws: CallError.
[[nodiscard]] kernel::FileDescriptor make_snapshots(int volume);

/// What came of reading a snapshot's metadata: a snapshot, damage, or neither when there is none.
struct SnapshotReading {
  std::optional<VolumeSnapshot> snapshot{};
  std::string damage{};
  bool newer = false;
  bool says_limit = true;
};
/// \param place  the directory of all of them
/// \param way  what holds the limit of the volume, for a snapshot that does not say what held it then
/// Throws: CallError when the failure says nothing about the snapshot.
[[nodiscard]] SnapshotReading read_snapshot(const Layout& layout, const std::string& volume, int place,
                                            const std::string& snapshot, LimitWay way = LimitWay::None);

/// Those that can be read, oldest first. Throws: CallError.
[[nodiscard]] std::vector<VolumeSnapshot> list_snapshots(const Layout& layout, const std::string& volume,
                                                         int directory);

/// A name nobody else takes; such names sort by time. \param prefix  "", "before-rollback-"
[[nodiscard]] std::string fresh_snapshot_name(const std::string& prefix = {});

/// The text of a snapshot's metadata. Throws: VolumeError(invalid_argument) for labels it cannot hold.
[[nodiscard]] std::string snapshot_text(const Deed& deed, const VolumeSnapshot& snapshot);

/// Writes the metadata of a snapshot in the making, and syncs it. Throws: as snapshot_text(), CallError.
void write_snapshot_metadata(const Deed& deed, int stage, const VolumeSnapshot& snapshot);

/// Where the data of a snapshot lies.
[[nodiscard]] std::filesystem::path snapshot_mountpoint(const Layout& layout, const std::string& volume,
                                                        const std::string& snapshot);

/// Whether a snapshot can be called that.
[[nodiscard]] bool is_snapshot_name(const std::string& name) noexcept;
/// Throws: VolumeError(invalid_argument) if not.
void check_snapshot_name(const Deed& deed, const std::string& snapshot);

}  // namespace dunnage::volume
