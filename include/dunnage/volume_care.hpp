// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Taking care of volumes that are there: changing what is known of them, protecting them, and who used them last.
///
///     store.update("db-data", {.labels = {{"tier", "gold"}}, .protect = true});
///     const auto plan = store.plan_update("db-data", {.driver_options = dunnage::DriverOptions{}});
///     std::cout << plan.to_string();            // what would change, from what to what
///     plan.apply();                             // looks again, then does it
///     store.update("db-data", {.protect = false});
///     store.remove("db-data", {.keep = std::chrono::hours{24 * 7}});     // volume_trash.hpp brings it back
///
/// **A change** is done or not done, whenever a process is killed or the power is cut: the new metadata is on the disk
/// before it takes the place of the old, and on return that is on the disk as well. Two processes that change a volume
/// at once do so one after the other, and none loses what the other did. What a newer version of this library noted of
/// the volume stays. Listings and get() see it at once; handles made before know what they knew.
///
/// **While containers use the volume** its labels and its protection can be changed. Options of its driver and its
/// access mode can not, for these are looked at when it is mounted.
///
/// **A protected volume** is not removed: not by remove(), not by prune(), and not with a project (`down --volumes`).
/// Protection is a seat belt, no lock: whoever may write to the store can take it off. An anonymous volume goes with
/// its container and cannot be protected.

#include <dunnage/export.hpp>
#include <dunnage/progress.hpp>
#include <dunnage/volume.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dunnage {

class VolumeTrash;
class PrunePlan;
struct PruneOptions;

/// What is to be changed of a volume. Empty members change nothing.
struct VolumeChanges {
  Labels labels{};                                ///< to be set
  std::vector<std::string> remove_labels{};       ///< their keys; one that is not there is no error
  std::optional<DriverOptions> driver_options{};  ///< in the place of all it has
  std::optional<bool> protect{};
  std::optional<AccessMode> access{};
  std::optional<VolumeLimit> limit{};  ///< VolumeLimit{}: it has none any more; see volume_limit.hpp

  friend bool operator==(const VolumeChanges&, const VolumeChanges&) = default;
};

/// How a volume is removed.
struct RemoveOptions {
  /// For so long it can be brought back from the trash, and takes its space. None: it is gone at once.
  std::chrono::milliseconds keep{0};

  friend bool operator==(const RemoveOptions&, const RemoveOptions&) = default;
};

/// One thing that would change.
struct VolumeDifference {
  std::string what{};                   ///< "label tier", "option device", "protected", "access", "limit way", "size",
                                        ///< "inodes"
  std::optional<std::string> before{};  ///< nothing: it is not there
  std::optional<std::string> after{};

  friend bool operator==(const VolumeDifference&, const VolumeDifference&) = default;
};

/// What an update would change. An immutable value. Thread safety: any thread may use it.
class DUNNAGE_API VolumeUpdatePlan {
 public:
  [[nodiscard]] const std::string& volume() const noexcept;
  [[nodiscard]] const std::vector<VolumeDifference>& differences() const noexcept;
  /// Whether it is refused while containers use the volume.
  [[nodiscard]] bool needs_no_users() const noexcept;
  /// What else it brings with it, a sentence each: another limit may have to copy all of the data.
  [[nodiscard]] const std::vector<std::string>& costs() const noexcept;

  /// Looks again, and does it. Throws: as VolumeStore::update(); VolumeError with EAGAIN if the volume has been changed
  /// since, or is another one.
  /// \param watch  of a copy, in bytes
  Volume apply(const Watch& watch = {}) const;

  /// A line for each: `label tier: "silver" -> "gold"`, and one for each of the costs.
  [[nodiscard]] std::string to_string() const;
  /// {"Volume", "NeedsNoUsers", "Changes": [{"What", "Before", "After"}], "Costs": [...]}
  [[nodiscard]] std::string to_json() const;

 private:
  friend class VolumeStore;
  struct State;
  explicit VolumeUpdatePlan(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

/// When a volume was used. Noted by the launcher when a container begins and when it ends, without a sync: after a
/// power cut the last of it may be missing.
struct UsageHistory {
  std::optional<std::chrono::system_clock::time_point> last_used{};  ///< nothing: never. In use: when that began, or
                                                                     ///< when another container ended since
  std::string last_user{};           ///< name of the container that ended last; empty if none has, or it is not known
  std::vector<std::string> users{};  ///< who uses it now

  friend bool operator==(const UsageHistory&, const UsageHistory&) = default;
};

/// {"LastUsed", "LastUser", "Users": [...]}
[[nodiscard]] DUNNAGE_API std::string to_json(const UsageHistory& history);

}  // namespace dunnage
