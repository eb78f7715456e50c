// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How much a volume may hold, and how much it holds.
///
///     store.create("db", {.limit = dunnage::VolumeLimit{.size = 10ull << 30}});
///     std::cout << store.plan_limit({.size = 10ull << 30});            // how it would be held here, and what it costs
///     store.update("db", {.limit = dunnage::VolumeLimit{.size = 20ull << 30}});
///     const auto usage = store.usage("db", {.max_age = std::chrono::minutes{5}});
///     std::cout << usage.bytes << " of " << usage.limit.size << '\n';
///
/// **A limit holds, or the volume is not made.** It is held by the kernel, for whoever writes, as root as well: writing
/// past it fails with ENOSPC or EDQUOT, and what was written before stays. Before the volume appears the library tries
/// to allocate more than the limit in it; unless that is refused, creation fails. Where no way holds a limit, creation
/// fails with not_supported, the cause and a remedy.
///
/// **The way** is chosen when the volume is made, noted in its metadata, and stays:
///
/// - `BtrfsQuota`, for a size, where the store is on btrfs: the data is a subvolume with a limit on what it refers to.
///   Quotas of the whole file system are switched on for it if they are off. It is not used where they are "simple
///   quotas", which do not count what a snapshot shares. Kernels before 6.11 keep a number for each removed volume.
/// - `XfsImage` or `Ext4Image`, anywhere else: the data is a file system of that size, in a file `_data/image` in the
///   volume's directory, mounted when a container uses it; all that use it share the one mount. XFS for a size of at
///   least 300 MiB, ext4 from 16 MiB and for a number of inodes. Its own records take a part of the size. The file
///   grows as it is written to, and shrinks when files are deleted: if the disk below it is full before the limit is
///   reached, who writes gets EIO. Needs mkfs.xfs or mkfs.ext4 and loop devices.
/// - `Memory`: a volume with the driver options `type=tmpfs, device=tmpfs`. The only one for an ordinary user. The file
///   system is made for each container.
///
/// Project quotas of XFS and ext4 are not used: an image holds there. A limit on a volume of other driver options is
/// refused. For ext4 the number of inodes comes in steps, the next lower one is taken; it does not change later.
///
/// **Changing it**: VolumeChanges::limit. A quota changes at any time. An image grows: XFS while containers use it,
/// ext4 as well with CAP_SYS_RESOURCE, else while none does, by resize2fs on a copy that takes its place. Anything
/// else, to a smaller image, to another number of inodes, from no limit to one, and with VolumeLimit{} to none, copies
/// the data to where the new limit is held, while nobody uses the volume: in one step it has the one or the other,
/// whenever a process is killed. What does not fit is refused with ENOSPC, and stays as it is.
/// VolumeStore::plan_update() says what it costs.
///
/// **Snapshots, clones, rollbacks and copies** of a volume with a limit keep it, and so does an import into its place.
/// Snapshots stay as they were made when the limit changes; a rollback to one has the limit of now. While a container
/// uses a volume in an image, it can be exported and copied, but not snapshotted or cloned: volume_in_use. Its
/// snapshots are images, which cannot be mounted by themselves: clone them.
///
/// Thread safety: values. Kernel: btrfs quota groups 3.6; detached mounts 5.2; loop devices.

#include <dunnage/export.hpp>
#include <dunnage/progress.hpp>

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

/// At most that much. 0: as much as there is.
struct VolumeLimit {
  std::uint64_t size = 0;    ///< bytes; rounded down to a multiple of 4,096
  std::uint64_t inodes = 0;  ///< files, directories and whatever else has an inode

  [[nodiscard]] bool is_none() const noexcept { return size == 0 && inodes == 0; }
  friend bool operator==(const VolumeLimit&, const VolumeLimit&) = default;
};

/// What holds a limit.
enum class LimitWay { None, BtrfsQuota, XfsImage, Ext4Image, Memory };
/// "none", "btrfs-quota", "xfs-image", "ext4-image", "memory"
[[nodiscard]] DUNNAGE_API std::string_view to_string(LimitWay way) noexcept;

/// How a limit would be held, before anything happens.
struct VolumeLimitPlan {
  VolumeLimit limit{};  ///< as it would be
  LimitWay way = LimitWay::None;
  std::string reason{};              ///< why this way
  std::vector<std::string> costs{};  ///< what it brings with it, a sentence each

  friend bool operator==(const VolumeLimitPlan&, const VolumeLimitPlan&) = default;
};
/// A line for the way with its reason, and one for each of its costs.
[[nodiscard]] DUNNAGE_API std::string to_string(const VolumeLimitPlan& plan);
/// {"Size", "Inodes", "Way", "Reason", "Costs": [...]}
[[nodiscard]] DUNNAGE_API std::string to_json(const VolumeLimitPlan& plan);
DUNNAGE_API std::ostream& operator<<(std::ostream& out, const VolumeLimitPlan& plan);

/// How a usage was found.
enum class UsageWay {
  Quota,       ///< the file system counts it for this volume
  FileSystem,  ///< the volume is a file system of its own
  Walk,        ///< all of its files were looked at
};
/// "quota", "file-system", "walk"
[[nodiscard]] DUNNAGE_API std::string_view to_string(UsageWay way) noexcept;

/// How much a volume holds.
struct VolumeUsage {
  std::uint64_t bytes = 0;  ///< on the disk: of a walk those with content of files, else with the file system's records
  std::optional<std::uint64_t> files{};  ///< files, directories and so on; nothing where a quota does not count them
  VolumeLimit limit{};
  LimitWay limit_way = LimitWay::None;
  UsageWay way = UsageWay::Walk;
  std::chrono::system_clock::time_point measured_at{};
  bool cached = false;  ///< an earlier walk found it

  friend bool operator==(const VolumeUsage&, const VolumeUsage&) = default;
};
/// {"Bytes", "Files", "Limit": {"Size", "Inodes", "Way"} or null, "Way", "MeasuredAt" (RFC 3339), "Cached"}
[[nodiscard]] DUNNAGE_API std::string to_json(const VolumeUsage& usage);

/// How a usage is found. No lock is held meanwhile: containers come and go, and the volume can be removed, which ends a
/// walk with volume_missing. An image is used for an instant, by "a measurement". A quota of btrfs says what was
/// written before its last commit, at most 30 s ago.
struct UsageOptions {
  std::chrono::milliseconds max_age{0};  ///< so old the figure of an earlier walk may be; 0: it is walked now
  Watch watch{};                         ///< of a walk; progress is in entries
};

}  // namespace dunnage
