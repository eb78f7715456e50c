// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The place where volumes live, and the verbs on them. Any number of processes may use one store at once; a process
/// that is killed at any instant leaves it whole.
///
///     auto store = dunnage::VolumeStore::open();            // /var/lib/dunnage for root, else ~/.local/share/dunnage
///     store.create("logs-volume", {.labels = {{"app", "shop"}}});
///     for (const auto& volume : store.list()) std::cout << volume.name() << '\n';
///     store.remove("logs-volume");
///
/// Durability: `create` and `remove` return after the change is on disk (directory synced). Data written by containers
/// is theirs to sync. Creation is a rename of a finished directory, removal a rename into `trash/`; so a volume is
/// never seen half made or half gone. What a killed process left in `staging/` or `trash/` is swept by later calls.

#include <dunnage/export.hpp>
#include <dunnage/store_report.hpp>
#include <dunnage/volume.hpp>
#include <dunnage/volume_archive.hpp>
#include <dunnage/volume_care.hpp>
#include <dunnage/volume_snapshot.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {

class VolumeHistory;

/// Which volumes a listing or a prune is about. Empty members do not restrict.
struct VolumeFilter {
  std::vector<std::pair<std::string, std::optional<std::string>>> labels{};  ///< key, and value if it matters
  std::optional<bool> anonymous{};
  std::optional<bool> in_use{};  ///< a volume so damaged that this cannot be told is left out either way
};

/// What prune() took.
struct PruneResult {
  std::vector<std::string> removed;
  std::vector<std::pair<std::string, std::string>> kept;  ///< name and the reason
};

/// Where the store of this user is: `$DUNNAGE_STORE`, else `/var/lib/dunnage` for root, else
/// `$XDG_DATA_HOME/dunnage`, else `~/.local/share/dunnage`.
[[nodiscard]] DUNNAGE_API std::filesystem::path default_store();

/// A store of volumes. Cheap to copy; copies share one descriptor.
/// Thread safety: all members may be called from any thread.
class DUNNAGE_API VolumeStore {
 public:
  /// Opens the store, creating it (mode 0700) when it is absent.
  /// Throws: VolumeError(store_unusable) if it is a symlink, belongs to someone else, can be entered by others or has
  /// a format newer than this library's.
  [[nodiscard]] static VolumeStore open(const std::filesystem::path& root = default_store());

  [[nodiscard]] const std::filesystem::path& root() const noexcept;

  /// \param watch  of a seed, which may be long; progress is in bytes
  /// Throws: VolumeError(volume_exists), VolumeError(invalid_argument) for a bad name.
  Volume create(const std::string& name, const VolumeOptions& options = {}, const Watch& watch = {});
  /// A volume with a random name, as `-v /data` makes. `owner` is the name, or id, of the container it will go with.
  Volume create_anonymous(const std::string& owner = {}, const VolumeOptions& options = {});
  /// Throws: VolumeError(volume_missing), with the nearest name as remedy in a store of at most 4,096 volumes.
  [[nodiscard]] Volume get(const std::string& name) const;
  /// Labels, seed and limit are given only if it is created.
  Volume get_or_create(const std::string& name, const VolumeOptions& options = {});
  [[nodiscard]] std::optional<Volume> find(const std::string& name) const;
  /// Sorted by name. A volume whose metadata is damaged is left out here and reported by damaged(). Read from an index
  /// the store keeps, without looking at each volume: what is damaged or rewritten by hand inside a volume's directory
  /// is seen by get() and damaged(), and by this after they found the damage. Volumes that were moved by hand are seen.
  [[nodiscard]] std::vector<Volume> list(const VolumeFilter& filter = {}) const;
  /// The same, and what damaged() says of that moment, from one walk through all volumes.
  [[nodiscard]] std::vector<Volume> list(const VolumeFilter& filter, std::vector<std::string>& damaged) const;
  /// Names of volumes whose metadata cannot be read; their data is untouched.
  [[nodiscard]] std::vector<std::string> damaged() const;
  /// Names of the containers that use the volume now, from any process.
  [[nodiscard]] std::vector<std::string> users(const std::string& name) const;

  /// Gone at once, and its space with it. Throws: VolumeError(volume_in_use) naming the users,
  /// VolumeError(volume_protected), VolumeError(volume_missing).
  void remove(const std::string& name);
  /// The same; `keep` leaves it in the trash for so long, from where trash() brings it back. Throws: likewise,
  /// VolumeError(volume_protected).
  void remove(const std::string& name, const RemoveOptions& options);
  /// What was removed with `keep`, and bringing it back; see volume_trash.hpp.
  [[nodiscard]] VolumeTrash trash() const;
  /// What a prune would take and keep, and why, as a value to be looked at and applied; see prune_plan.hpp.
  /// Throws: VolumeError with the errno of what failed.
  [[nodiscard]] PrunePlan plan_prune(const PruneOptions& options) const;

  /// Changes what is known of a volume; see volume_care.hpp for the rules. Throws: VolumeError(volume_missing,
  /// volume_damaged), VolumeError(volume_in_use) naming the users, VolumeError(invalid_argument) for what cannot be;
  /// VolumeError(cancelled, timed_out), and it is as it was. \param watch  of a copy to another limit, in bytes
  Volume update(const std::string& name, const VolumeChanges& changes, const Watch& watch = {});
  /// What that would change, as a value to be looked at and applied. Throws: likewise, but for volume_in_use.
  [[nodiscard]] VolumeUpdatePlan plan_update(const std::string& name, const VolumeChanges& changes) const;
  /// How a limit would be held for a new volume, and what that costs. Changes nothing.
  /// Throws: VolumeError(not_supported, invalid_argument) where create() would.
  [[nodiscard]] VolumeLimitPlan plan_limit(const VolumeLimit& limit, const DriverOptions& driver_options = {}) const;
  /// How much a volume holds: at once where a quota or a file system of its own knows, else by a walk.
  /// Throws: VolumeError(volume_missing, volume_damaged, cancelled, timed_out); VolumeError(not_supported) if the data
  /// is there only while a container mounts it.
  [[nodiscard]] VolumeUsage usage(const std::string& name, const UsageOptions& options = {}) const;
  /// When a volume was used last, and by whom. Throws: VolumeError(volume_missing).
  [[nodiscard]] UsageHistory usage_history(const std::string& name) const;

  /// Removes what no container uses: by default only anonymous volumes, as Docker does; `all` takes named ones too.
  PruneResult prune(bool all = false, const VolumeFilter& filter = {});

  /// Snapshots of a volume; see volume_history.hpp. Throws: VolumeError(volume_missing).
  [[nodiscard]] VolumeHistory history(const std::string& name) const;
  /// A new volume with the data of another one, or of a snapshot of it. It appears in one step, whole or not at all,
  /// and does not change with its source. What costs how much says VolumeHistory::plan() of the source.
  /// Throws: VolumeError(volume_exists, volume_missing, snapshot_missing), and as VolumeHistory::snapshot().
  VolumeClone clone(const std::string& source, const std::string& name, const CloneOptions& options = {});

  /// Volumes as archives; see volume_archive.hpp. Into a file, which appears whole or not at all, in the place of one
  /// that is there; into an open file, pipe or socket, which is not closed; or to the caller's own code.
  /// Throws: VolumeError(volume_missing, volume_damaged, limit_exceeded, cancelled, timed_out), or with the errno of
  /// what failed; VolumeError(not_supported) if the data is there only while a container mounts it.
  VolumeExportResult export_to(const std::string& name, const std::filesystem::path& file,
                               const VolumeExportOptions& options = {}) const;
  VolumeExportResult export_to(const std::string& name, int fd, const VolumeExportOptions& options = {}) const;
  VolumeExportResult export_to(const std::string& name, const ByteSink& sink,
                               const VolumeExportOptions& options = {}) const;
  /// From an archive, read to its end: a new volume, or other data for one that is there; whole or not at all. Nothing
  /// in an archive leads out of the volume, whoever made it. What is not a regular file is kept on the disk meanwhile.
  /// Throws: VolumeError(volume_exists, volume_in_use, volume_protected, image_invalid, digest_mismatch,
  /// limit_exceeded, not_supported, cancelled, timed_out), or with the errno of what failed.
  VolumeImportResult import_from(const std::filesystem::path& file, const std::string& name,
                                 const VolumeImportOptions& options = {});
  VolumeImportResult import_from(int fd, const std::string& name, const VolumeImportOptions& options = {});
  VolumeImportResult import_from(const ByteSource& source, const std::string& name,
                                 const VolumeImportOptions& options = {});

  /// Gives a volume another name, whoever uses it: containers go on undisturbed. Their records, and handles of them in
  /// any process, know it by its new name from then on, so that they can be restarted; also after a crash at any
  /// moment. It keeps its labels. What names it in a file or a program of yours, as a Compose file, has to be changed
  /// there; so has a LaunchTemplate, which is made anew. Throws: VolumeError(volume_missing, volume_exists,
  /// invalid_argument).
  Volume rename(const std::string& name, const std::string& new_name);
  /// A new volume with the content of another one and its labels, in this store or in another one; whole or not at all.
  /// One that is in use is copied as it is. Throws: VolumeError(volume_missing, volume_exists, not_supported,
  /// cancelled, timed_out), or with the errno of what failed.
  Volume copy(const std::string& name, const std::string& new_name, const VolumeCopyOptions& options = {});
  Volume copy_to(const std::string& name, VolumeStore& other, const std::string& new_name,
                 const VolumeCopyOptions& options = {}) const;
  /// A volume of Docker or Podman, where it is or as a copy; see adoptable(). A volume of a driver's options keeps
  /// them. Throws: VolumeError(volume_exists, not_supported), or with the errno of what failed.
  Volume adopt(const AdoptableVolume& volume, const VolumeAdoptOptions& options = {});

  /// What is damaged or left over of the volumes and of what they share; see store_check.hpp, also for what is kept.
  /// Throws: as check_store().
  [[nodiscard]] StoreReport check(const StoreCheck& options = {}) const;
  /// Repairs it: metadata is written anew from what is known, data is not touched. Throws: as repair_store().
  StoreReport repair(const StoreRepair& options = {});

 private:
  friend class VolumeStoreAccess;
  struct State;
  explicit VolumeStore(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace dunnage
