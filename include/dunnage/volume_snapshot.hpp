// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Snapshots and clones of volumes as values; volume_history.hpp and VolumeStore::clone() make them.

#include <dunnage/export.hpp>
#include <dunnage/freeze_hook.hpp>
#include <dunnage/progress.hpp>
#include <dunnage/volume.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

/// How the data of a volume becomes the data of a snapshot or of another volume. What the file system of the store
/// gives; it is never chosen by name, but tried.
enum class SnapshotWay {
  Subvolume,  ///< a snapshot of a btrfs subvolume: at once, whatever its size; of what root has copied once before
  Reflink,  ///< every file is made, and shares its content with the original (XFS, btrfs): costs by the number of files
  Copy,     ///< every file is made, and its content written (ext4, tmpfs): costs by the number of bytes, too
  Rename,   ///< it was the data of the volume itself, which a rollback has put here
};

/// What can be said of a snapshot's content.
enum class SnapshotConsistency {
  Idle,       ///< nobody used the volume meanwhile: it is what was there
  Frozen,     ///< it was in use, and the freeze hook was called before and after
  Crash,      ///< it was in use: all files as they were at one instant, as after a power cut
  Unordered,  ///< it was in use, and file after file was copied: what a program writes to several files may not fit
};

[[nodiscard]] DUNNAGE_API std::string_view to_string(SnapshotWay way) noexcept;
[[nodiscard]] DUNNAGE_API std::string_view to_string(SnapshotConsistency consistency) noexcept;

/// One state of a volume, kept. Its content never changes.
struct VolumeSnapshot {
  std::string volume;
  std::string name;
  std::chrono::system_clock::time_point created_at;
  Labels labels{};
  SnapshotWay way = SnapshotWay::Copy;
  SnapshotConsistency consistency = SnapshotConsistency::Idle;
  std::uint64_t entries = 0;            ///< that were made; 0 with SnapshotWay::Subvolume, where nobody counts
  std::uint64_t bytes = 0;              ///< of content; likewise
  std::uint64_t copied = 0;             ///< of these, what had to be written
  std::filesystem::path mountpoint{};   ///< the directory that holds the data; not to be written to
  VolumeLimit limit{};                  ///< that the volume had then
  LimitWay limit_way = LimitWay::None;  ///< what holds it: of an image the mountpoint has the image, not the files

  friend bool operator==(const VolumeSnapshot&, const VolumeSnapshot&) = default;
};

/// `{"Volume","Name","CreatedAt","Labels","Way","Consistency","Entries","Bytes","Copied","Mountpoint","Limit": {"Size",
/// "Inodes","Way"} or null}`
[[nodiscard]] DUNNAGE_API std::string to_json(const VolumeSnapshot& snapshot);

/// What a snapshot of a volume would cost now.
struct SnapshotPlan {
  SnapshotWay way = SnapshotWay::Copy;
  std::string reason{};       ///< why this way and no faster one
  std::uint64_t entries = 0;  ///< files, directories and links that are there; 0 with Subvolume, which makes none
  std::uint64_t bytes = 0;    ///< of the disk that hold their content; holes do not count
  std::uint64_t copied = 0;   ///< of these, what has to be written
  std::vector<std::string> users{};  ///< containers that use the volume, so that freezing it is for the caller

  friend bool operator==(const SnapshotPlan&, const SnapshotPlan&) = default;
};

struct SnapshotOptions {
  std::string name{};  ///< as names of volumes; empty: one made of the time, so that they sort
  Labels labels{};
  FreezeHook freeze{};
  Watch watch{};  ///< progress is in bytes
};

struct RollbackOptions {
  bool keep_before = true;  ///< the state before becomes a snapshot
  std::string before{};     ///< its name; empty: one made of the time
  Watch watch{};            ///< progress is in bytes
};

struct CloneOptions {
  std::optional<std::string> snapshot{};  ///< of the source; nothing: as the source is now
  std::optional<Labels> labels{};         ///< of the new volume; nothing: those of the source
  FreezeHook freeze{};                    ///< for a source that is in use now
  Watch watch{};                          ///< progress is in bytes
};

/// What clone() has made, and how.
struct VolumeClone {
  Volume volume;
  SnapshotWay way = SnapshotWay::Copy;
  SnapshotConsistency consistency = SnapshotConsistency::Idle;
  std::uint64_t entries = 0;  ///< as in VolumeSnapshot
  std::uint64_t bytes = 0;
  std::uint64_t copied = 0;
};

/// One path in which two states differ.
struct SnapshotChange {
  enum class Kind {
    Added,
    Deleted,
    Modified,  ///< its content: of a file, where a link leads, which device it is
    Metadata,  ///< anything but its content; `what` says what
    Replaced,  ///< it is of another kind: a directory was there, and a file is
  };

  Kind kind = Kind::Modified;
  std::string path;  ///< below the top, "base/1/1259"; bytes as the file system has them
  /// "content", "target", "device", "mode", "owner", "attributes" (of the user, access lists, capabilities), "time" (of
  /// the last modification, not of directories), "links" (which other names the file has). Empty for Added, Deleted
  /// and Replaced.
  std::vector<std::string> what{};

  friend bool operator==(const SnapshotChange&, const SnapshotChange&) = default;
};

[[nodiscard]] DUNNAGE_API std::string_view to_string(SnapshotChange::Kind kind) noexcept;

struct DiffOptions {
  /// Files of one size that were last modified at one time are taken for the same, and not read. A program can set
  /// times as it likes, so this is for those who know their programs.
  bool trust_times = false;
  Watch watch{};  ///< progress is in entries
};

}  // namespace dunnage
