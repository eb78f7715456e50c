// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Volumes that were removed and are kept for a while.
///
///     store.remove("db-data", {.keep = std::chrono::hours{24 * 7}});
///     auto trash = store.trash();
///     for (const auto& entry : trash.list()) std::cout << entry.id << ' ' << entry.name << '\n';
///     trash.restore("db-data");                       // the one that was removed last, under its name
///     trash.restore(entry.id, "db-data-of-monday");   // a certain one, under another
///
/// Removing a volume into the trash and bringing it back are one rename each, of all that belongs to it: whoever is
/// killed leaves it in one of the two places. Nothing is brought back but by restore(). What is over its time is
/// deleted by later calls, as all that was removed is: when a store is opened, and by every call on its trash.

#include <dunnage/export.hpp>
#include <dunnage/volume_store.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace dunnage {

/// A volume in the trash.
struct TrashEntry {
  std::string id{};    ///< names this one, where several had the same name
  std::string name{};  ///< of the volume
  std::chrono::system_clock::time_point removed_at{};
  std::chrono::system_clock::time_point kept_until{};

  friend bool operator==(const TrashEntry&, const TrashEntry&) = default;
};

/// {"ID", "Name", "RemovedAt", "KeptUntil"}, the times as RFC 3339.
[[nodiscard]] DUNNAGE_API std::string to_json(const TrashEntry& entry);

/// The trash of a store. Cheap to copy. Thread safety: all members may be called from any thread.
/// `which` is an id, or a name, which means the one of that name that was removed last.
/// Throws: VolumeError(volume_missing) for what is not in the trash (any more), with what is there as remedy.
class DUNNAGE_API VolumeTrash {
 public:
  /// What is kept, the last removed first.
  [[nodiscard]] std::vector<TrashEntry> list() const;
  /// How much space purging it would give back: all that belongs to it, with its snapshots, found by a walk that
  /// UsageOptions::watch ends. No lock is held. Throws: likewise; VolumeError(cancelled, timed_out).
  [[nodiscard]] VolumeUsage usage(const std::string& which, const UsageOptions& options = {}) const;
  /// Brings a volume back, with all that belongs to it, on the disk on return. \param new_name  empty: its own
  /// \return what it is called now
  /// Throws: VolumeError(volume_exists) if the name is taken; VolumeError(volume_damaged) for a new name of a volume
  /// whose metadata cannot be read; VolumeError(invalid_argument) for a bad name.
  std::string restore(const std::string& which, const std::string& new_name = {});
  /// Deletes it for good.
  void purge(const std::string& which);
  /// What was removed at least so long ago. \return names of what was deleted
  std::vector<std::string> purge_older_than(std::chrono::milliseconds age);
  /// Everything. \return how many were deleted
  std::size_t empty();

 private:
  friend class VolumeStore;
  explicit VolumeTrash(VolumeStore store);
  VolumeStore store_;
};

}  // namespace dunnage
