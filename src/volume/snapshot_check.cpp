// SPDX-License-Identifier: Apache-2.0
#include "volume/snapshot_check.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/data_image.hpp"
#include "volume/failure.hpp"
#include "volume/private_directory.hpp"
#include "volume/snapshot_metadata.hpp"
#include "volume/snapshots.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::volume {
namespace {

/// A snapshot that is looked at; it may be removed at any moment.
struct SeenSnapshot {
  std::shared_ptr<const LookedAt> volume;
  std::string name;
  kernel::FileDescriptor place{};
  kernel::FileDescriptor directory{};

  [[nodiscard]] bool is_there() const { return kernel::is_at(place.get(), name, directory.get()); }
};
using SeenSnapshotPtr = std::shared_ptr<const SeenSnapshot>;

StoreFinding snapshot_finding(const LookedAt& volume, const std::string& name, const char* file,
                              const std::string& problem, std::string remedy, bool repairable = false) {
  std::filesystem::path path = volume.path / kSnapshotsName / name;
  return {.part = StoreFinding::Part::Volume,
          .name = volume.name,
          .path = *file == '\0' ? path : path / file,
          .problem = fmt::format("snapshot \"{}\": {}", name, problem),
          .remedy = std::move(remedy),
          .repairable = repairable};
}

/// How its data is held, seen from the data itself: in an image if there is nothing else.
LimitWay seen_way(const SeenSnapshot& seen) {
  const auto data = kernel::open_beneath(seen.directory.get(), kDataName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return data ? way_of_image(data.get()) : LimitWay::None;
}

/// What is known of it without its record.
VolumeSnapshot default_snapshot(const SeenSnapshot& seen) {
  const struct stat status = kernel::status_of(seen.directory.get());
  const auto time = std::chrono::seconds{status.st_mtim.tv_sec} + std::chrono::nanoseconds{status.st_mtim.tv_nsec};
  return {
      .volume = seen.volume->name,
      .name = seen.name,
      .created_at =
          std::chrono::system_clock::time_point{std::chrono::duration_cast<std::chrono::system_clock::duration>(time)},
      .consistency = SnapshotConsistency::Unordered,
      .limit_way = seen_way(seen)};
}

std::string write_snapshot_anew(const SeenSnapshot& seen) {
  const SnapshotReading reading = read_snapshot(seen.volume->layout, seen.volume->name, seen.place.get(), seen.name);
  if (reading.damage.empty() || reading.newer || !seen.is_there()) {
    return {};
  }
  const int directory = seen.directory.get();
  const auto entry = look_at(directory, kMetadataName);
  std::string kept = "there was no file to keep";
  if (entry) {
    const auto aside =
        entry->is_file() ? keep_beside(directory, kMetadataName, *entry) : set_aside(directory, kMetadataName, *entry);
    if (!aside) {
      return {};
    }
    kept = fmt::format("the damaged one is \"{}\" now", *aside);
  }
  const auto text = encode_snapshot(default_snapshot(seen));
  if (!text) {
    throw kernel::CallError{"write metadata", EINVAL};
  }
  kernel::write_durably(directory, kMetadataName, *text, kPrivateFile);
  return fmt::format("its metadata has been written anew, without labels; {}; its data is as it was", kept);
}

void check_snapshot_record(const SeenSnapshotPtr& seen, StoreFaults& faults) {
  const SnapshotReading reading =
      read_snapshot(seen->volume->layout, seen->volume->name, seen->place.get(), seen->name);
  if (reading.damage.empty()) {
    return;
  }
  StoreFinding found = snapshot_finding(
      *seen->volume, seen->name, kMetadataName, fmt::format("its metadata cannot be used: {}", reading.damage),
      reading.newer ? "use a newer version of the library; the snapshot is not damaged, and repair() leaves it alone"
                    : "repair() keeps the file beside and writes a new one, without labels; its data is not touched",
      !reading.newer);
  found.kind = reading.newer ? StoreFinding::Kind::Newer : StoreFinding::Kind::Damage;
  faults.push_back({std::move(found), [seen] { return write_snapshot_anew(*seen); }});
}

void check_snapshot_data(const SeenSnapshot& seen, StoreFaults& faults) {
  const auto entry = look_at(seen.directory.get(), kDataName, true);
  if (!entry || !entry->is_directory()) {
    faults.push_back({snapshot_finding(
        *seen.volume, seen.name, kDataName,
        entry ? fmt::format("its data is {}, not a directory", kind_of(entry->status)) : "its data is gone",
        "put the directory back from a backup, or remove the snapshot; repair() makes no data")});
  }
}

void check_snapshot(const std::shared_ptr<const LookedAt>& volume, int snapshots, const std::string& name,
                    StoreFaults& faults) {
  auto seen = std::make_shared<SeenSnapshot>(SeenSnapshot{.volume = volume, .name = name});
  seen->place = kernel::open_beneath(snapshots, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const auto entry = look_at(snapshots, name);
  if (!entry || !seen->place) {
    return;
  }
  if (!is_snapshot_name(name)) {
    StoreFinding found = snapshot_finding(*volume, name, "", "no snapshot can be called that, and nothing looks at it",
                                          "move it away; repair() deletes nothing that it does not know");
    found.kind = StoreFinding::Kind::Leftover;
    faults.push_back({std::move(found)});
    return;
  }
  if (!entry->is_directory()) {
    faults.push_back(
        {snapshot_finding(*volume, name, "", fmt::format("it is {}, not a directory", kind_of(entry->status)),
                          "put the directory back, or remove the snapshot")});
    return;
  }
  seen->directory = kernel::open_beneath(snapshots, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!seen->directory) {
    return;  // removed at this moment
  }
  StoreFaults found;
  check_snapshot_record(seen, found);
  check_snapshot_data(*seen, found);
  if (seen->is_there()) {  // what somebody removes loses its files one by one
    std::move(found.begin(), found.end(), std::back_inserter(faults));
  }
}

}  // namespace

StoreFaults faults_of_snapshots(const std::shared_ptr<const LookedAt>& volume) {
  const auto entry = look_at(volume->directory.get(), kSnapshotsName);
  if (!entry) {
    return {};  // there has never been one
  }
  StoreFaults faults;
  if (!entry->is_directory()) {
    faults.push_back({{.part = StoreFinding::Part::Volume,
                       .name = volume->name,
                       .path = volume->path / kSnapshotsName,
                       .problem = fmt::format("its snapshots are {}, not a directory", kind_of(entry->status)),
                       .remedy = "put the directory back, or move away what is there"}});
    return faults;
  }
  const auto snapshots = open_snapshots(volume->directory.get());
  if (!snapshots) {
    return faults;
  }
  std::vector<std::string> names = kernel::names_in(snapshots.get());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    check_snapshot(volume, snapshots.get(), name, faults);
  }
  return faults;
}

}  // namespace dunnage::volume
