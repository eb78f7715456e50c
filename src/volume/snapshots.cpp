// SPDX-License-Identifier: Apache-2.0
#include "volume/snapshots.hpp"

#include "error/nearest.hpp"
#include "error/reason.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/random_hex.hpp"
#include "model/volume_name.hpp"
#include "volume/directory.hpp"
#include "volume/limit_mark.hpp"
#include "volume/local_driver.hpp"
#include "volume/metadata.hpp"
#include "volume/private_directory.hpp"
#include "volume/reading.hpp"
#include "volume/snapshot_metadata.hpp"
#include "volume/timestamp.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <span>
#include <tuple>
#include <utility>

namespace dunnage::volume {
namespace {

constexpr int kReadDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

VolumeError damaged_snapshot_failure(const Deed& deed, const std::string& snapshot, const std::string& damage,
                                     bool newer) {
  return deed_failure(
      deed, fmt::format("the metadata of snapshot \"{}\": {}", snapshot, damage),
      make_error_code(newer ? errc::not_supported : errc::volume_damaged),
      newer ? "use a newer version of the library"
            : "have repair() (store repair) write a new one, which leaves its data as it is; or remove the snapshot");
}

kernel::FileDescriptor open_data_of(int directory) {
  auto data = kernel::open_beneath(directory, kDataName, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0,
                                   kernel::Crossing::Allowed);  // a disk may be mounted there
  if (!data && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
    throw kernel::CallError{"open the data", errno};
  }
  return data;
}

void require_directory_driver(const Deed& deed, const VolumeInfo& info) {
  LocalDriver driver;
  if (read_driver_options(info.driver_options, driver) || driver.kind != LocalDriver::Kind::Directory) {
    throw deed_failure(deed, "its data is where its driver's options say", make_error_code(errc::not_supported),
                       "keep the history of what is there with its own means");
  }
}

/// The data first: what is known is of that one if it still is there then. While it moves, its mark knows better.
OpenVolume look_at_volume(const Layout& layout, const Deed& deed) {
  OpenVolume volume;
  volume.directory = require_volume_directory(layout, deed.operation, deed.volume);
  volume.data = open_data_of(volume.directory.get());
  const auto move = limit_move_of(volume.directory.get());
  volume.info = read_volume(layout, deed.operation, deed.volume);
  require_directory_driver(deed, volume.info);
  if (!volume.data) {
    throw deed_failure(deed, "its data directory is missing or not a directory", make_error_code(errc::volume_damaged),
                       fmt::format("put \"{}\" back, or remove the volume", volume.info.mountpoint.string()));
  }
  if (move) {
    take_limit(volume.info, move->held());
  }
  return volume;
}

}  // namespace

VolumeError snapshot_missing_failure(const Deed& deed, int place, const std::string& snapshot) {
  std::vector<std::string> known;
  if (place >= 0) {
    known = kernel::names_in(place);
    std::erase_if(known, [](const std::string& name) { return !model::is_valid_volume_name(name); });
  }
  const auto near = error::nearest(snapshot, std::span<const std::string>{known});
  return deed_failure(deed, fmt::format("snapshot \"{}\"", snapshot), make_error_code(errc::snapshot_missing),
                      near ? fmt::format("did you mean \"{}\"?", *near) : "list the snapshots of the volume");
}

VolumeError snapshot_exists_failure(const Deed& deed, const std::string& snapshot) {
  return deed_failure(deed, fmt::format("snapshot \"{}\"", snapshot), make_error_code(errc::snapshot_exists),
                      "choose another name, or none");
}

OpenVolume open_volume(const Layout& layout, const Deed& deed) {
  constexpr int kAttempts = 16;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    OpenVolume volume = look_at_volume(layout, deed);
    if (kernel::is_at(volume.directory.get(), kDataName, volume.data.get())) {
      return volume;
    }  // its data has been exchanged meanwhile
  }
  throw kernel::CallError{"open the data", EAGAIN};
}

OpenSnapshot open_snapshot(const Layout& layout, const Deed& deed, int volume, const std::string& snapshot) {
  OpenSnapshot opened;
  opened.place = open_snapshots(volume);
  SnapshotReading reading = opened.place
                                ? read_snapshot(layout, deed.volume, opened.place.get(), snapshot, limit_way_of(volume))
                                : SnapshotReading{};
  if (!reading.damage.empty()) {
    throw damaged_snapshot_failure(deed, snapshot, reading.damage, reading.newer);
  }
  if (reading.snapshot) {
    opened.info = std::move(*reading.snapshot);
    opened.says_limit = reading.says_limit;
    opened.directory = kernel::open_beneath(opened.place.get(), snapshot, kReadDirectory);
  }
  if (!opened.directory) {
    throw snapshot_missing_failure(deed, opened.place.get(), snapshot);
  }
  opened.data = open_data_of(opened.directory.get());
  if (!opened.data && !kernel::is_at(opened.place.get(), snapshot, opened.directory.get())) {
    throw snapshot_missing_failure(deed, opened.place.get(), snapshot);  // somebody removes it
  }
  if (!opened.data) {
    throw deed_failure(deed, fmt::format("the data of snapshot \"{}\" is missing or not a directory", snapshot),
                       make_error_code(errc::volume_damaged),
                       fmt::format("put \"{}\" back, or remove the snapshot", opened.info.mountpoint.string()));
  }
  return opened;
}

void require_snapshot(const Deed& deed, const OpenSnapshot& snapshot) {
  if (!kernel::is_at(snapshot.place.get(), snapshot.info.name, snapshot.directory.get())) {
    throw deed_failure(deed, fmt::format("snapshot \"{}\" was removed meanwhile", snapshot.info.name),
                       make_error_code(errc::snapshot_missing), "list the snapshots of the volume");
  }
}

kernel::FileDescriptor open_snapshots(int volume) {
  auto place = kernel::open_beneath(volume, kSnapshotsName, kReadDirectory);
  if (!place && errno != ENOENT) {
    throw kernel::CallError{"open the snapshots", errno};
  }
  return place;
}

kernel::FileDescriptor make_snapshots(int volume) {
  auto place = open_snapshots(volume);
  if (!place) {
    (void)kernel::make_directory(volume, kSnapshotsName, kPrivateDirectory);  // false: somebody else was faster
    kernel::sync(volume);
    place = open_snapshots(volume);
  }
  if (!place) {
    throw kernel::CallError{"open the snapshots", ENOENT};
  }
  return place;
}

SnapshotReading read_snapshot(const Layout& layout, const std::string& volume, int place, const std::string& snapshot,
                              LimitWay way) {
  if (!model::is_valid_volume_name(snapshot)) {
    return {};
  }
  const auto directory = kernel::open_beneath(place, snapshot, kReadDirectory);
  if (!directory) {
    if (errno == ENOENT) {
      return {};
    }
    if (is_of_this_process(errno)) {
      throw kernel::CallError{"open the snapshot", errno};
    }
    return {.snapshot = {}, .damage = error::errno_reason(errno)};
  }
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(directory.get(), kMetadataName, buffer, kMaxMetadataBytes);
  if (is_of_this_process(number)) {
    throw kernel::CallError{"open metadata", number};
  }
  if (number == ENOENT && !kernel::is_at(place, snapshot, directory.get())) {
    return {};  // removed at this moment
  }
  if (number != 0) {
    return {.snapshot = {}, .damage = error::errno_reason(number)};
  }
  SnapshotReading reading{.snapshot = VolumeSnapshot{}, .damage = {}};
  reading.snapshot->limit_way = way;
  if (auto damage = decode_snapshot(text, snapshot, *reading.snapshot, reading.says_limit)) {
    return {.snapshot = {}, .damage = std::move(*damage), .newer = is_newer_snapshot(text)};
  }
  reading.snapshot->volume = volume;
  reading.snapshot->mountpoint = snapshot_mountpoint(layout, volume, snapshot);
  return reading;
}

std::vector<VolumeSnapshot> list_snapshots(const Layout& layout, const std::string& volume, int directory) {
  std::vector<VolumeSnapshot> snapshots;
  const auto place = open_snapshots(directory);
  if (!place) {
    return snapshots;
  }
  const LimitWay way = limit_way_of(directory);
  for (const std::string& name : kernel::names_in(place.get())) {
    SnapshotReading reading = read_snapshot(layout, volume, place.get(), name, way);
    if (reading.snapshot) {
      snapshots.push_back(std::move(*reading.snapshot));
    }
  }
  std::sort(snapshots.begin(), snapshots.end(), [](const VolumeSnapshot& one, const VolumeSnapshot& other) {
    return std::tie(one.created_at, one.name) < std::tie(other.created_at, other.name);
  });
  return snapshots;
}

std::string fresh_snapshot_name(const std::string& prefix) {
  constexpr std::size_t kDigits = 6;
  std::string time = format_time(std::chrono::system_clock::now(), Precision::Seconds);
  std::replace(time.begin(), time.end(), ':', '.');
  return fmt::format("{}{}-{}", prefix, time, kernel::random_hex(kDigits));
}

std::string snapshot_text(const Deed& deed, const VolumeSnapshot& snapshot) {
  auto text = encode_snapshot(snapshot);
  if (!text) {
    throw deed_failure(deed, "labels", make_error_code(errc::invalid_argument),
                       fmt::format("make them UTF-8 and less than {} KiB together", kMaxMetadataBytes / 1024));
  }
  return std::move(*text);
}

void write_snapshot_metadata(const Deed& deed, int stage, const VolumeSnapshot& snapshot) {
  kernel::write_new_file(stage, kMetadataName, snapshot_text(deed, snapshot), kPrivateFile);
}

std::filesystem::path snapshot_mountpoint(const Layout& layout, const std::string& volume,
                                          const std::string& snapshot) {
  return fmt::format("{}{}/{}/{}/{}", layout.volumes_path(), volume, kSnapshotsName, snapshot, kDataName);
}

bool is_snapshot_name(const std::string& name) noexcept { return model::is_valid_volume_name(name); }

void check_snapshot_name(const Deed& deed, const std::string& snapshot) {
  if (!is_snapshot_name(snapshot)) {
    throw deed_failure(deed, fmt::format("\"{}\" is not a name for a snapshot", snapshot),
                       make_error_code(errc::invalid_argument),
                       "use 1 to 128 letters, digits, \"_\", \".\" or \"-\", a letter or digit first");
  }
}

}  // namespace dunnage::volume
