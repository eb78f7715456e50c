// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The states of a volume that were kept: making one, going back to one, and what differs between two.
///
///     auto history = store.history("db");
///     auto seeded  = history.snapshot({.name = "seeded"});               // to_string(seeded.way): "reflink"
///     store.clone("db", "db-test-1", {.snapshot = "seeded"});            // a volume of its own, at once or not at all
///     for (const auto& change : history.diff("seeded")) std::cout << change.path << '\n';
///     history.rollback("seeded");                                        // what was there before is a snapshot now
///
/// On disk a snapshot is `<store>/volumes/<volume>/snapshots/<snapshot>/`, the data in `_data` below it; it goes where
/// the volume goes, into the trash as well. It appears by the rename of a finished directory. Nothing in this library
/// changes its data afterwards: who wants to write into it clones it.
///
/// **What a snapshot of a volume in use is worth** is in its `consistency`. Nothing is downgraded silently, nor
/// refused: whether a database can start from it, its user knows. To be sure give a FreezeHook, or pause the containers
/// in it.
///
/// **Nothing is locked** while files are copied: containers use the volume and start with it as ever. Whoever removes
/// or rolls back what is copied from has the better right: the copy throws, and has made nothing. A rollback copies
/// first, too, and then needs the volume for itself for an instant.
///
/// Durability: all of these return after the change is on disk.
/// Kernel: renameat2(2) with RENAME_EXCHANGE, which every file system a store can lie on has.

#include <dunnage/bind_mount.hpp>
#include <dunnage/export.hpp>
#include <dunnage/volume_snapshot.hpp>
#include <dunnage/volume_store.hpp>

#include <optional>
#include <string>
#include <vector>

namespace dunnage {

/// The history of one volume; VolumeStore::history() makes one. It holds no lock; copies are as good.
/// Thread safety: all members may be called from any thread.
///
/// All of it throws VolumeError(volume_missing) when the volume is gone, VolumeError(snapshot_missing) for a name there
/// is no snapshot of, VolumeError(volume_damaged) for a snapshot whose metadata or data is damaged,
/// VolumeError(not_supported) for a volume whose data is not in the store, VolumeError(cancelled, timed_out) as its
/// Watch says, and VolumeError with the errno of what failed. What throws has changed nothing.
class DUNNAGE_API VolumeHistory {
 public:
  [[nodiscard]] const std::string& volume() const noexcept { return volume_; }

  /// What snapshot() would do now, and what it would cost. Reads directories, changes nothing.
  [[nodiscard]] SnapshotPlan plan(const Watch& watch = {}) const;

  /// Keeps the volume as it is now.
  /// Throws: VolumeError(snapshot_exists), VolumeError(invalid_argument) for a bad name or labels.
  VolumeSnapshot snapshot(const SnapshotOptions& options = {});

  /// Oldest first. Those whose metadata is damaged are left out here and named by VolumeStore::check().
  [[nodiscard]] std::vector<VolumeSnapshot> snapshots() const;
  [[nodiscard]] std::optional<VolumeSnapshot> find(const std::string& snapshot) const;
  [[nodiscard]] VolumeSnapshot get(const std::string& snapshot) const;

  /// Gives it these labels in place of those it has. Its content stays.
  VolumeSnapshot set_labels(const std::string& snapshot, const Labels& labels);

  /// The volume's data becomes as it is in the snapshot, in one step: whatever ends this process, it is the old or the
  /// new. What was there before is a snapshot afterwards, with the label "dunnage.before-rollback-to"; if this process
  /// was killed, from the next opening of the store on.
  /// \return the snapshot of the state before; nothing if it was not to be kept
  /// Throws: VolumeError(volume_in_use) naming the users, VolumeError(snapshot_exists) for the name of the state
  /// before.
  std::optional<VolumeSnapshot> rollback(const std::string& snapshot, const RollbackOptions& options = {});

  /// Also one that is damaged. Its clones are volumes of their own, and stay.
  void remove(const std::string& snapshot);

  /// In what `to` differs from `from`; without `to`: the volume as it is now. Sorted by path. Complete: contents are
  /// compared, not times; what is deleted or added with a directory is told entry by entry. Files that share all of
  /// their blocks on disk are known to be the same without being read. At most 4,194,304 entries, 128 levels deep.
  [[nodiscard]] std::vector<SnapshotChange> diff(const std::string& from, const std::optional<std::string>& to = {},
                                                 const DiffOptions& options = {}) const;

  /// The snapshot at `target` in a container, read-only. Removing it is not refused while it is mounted: its files are
  /// gone there, too.
  [[nodiscard]] BindMount at(const std::string& snapshot, std::string target) const;

 private:
  friend class VolumeStore;
  VolumeHistory(VolumeStore store, std::string volume);

  VolumeStore store_;
  std::string volume_;
};

}  // namespace dunnage
