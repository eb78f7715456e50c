// SPDX-License-Identifier: Apache-2.0
#include "volume/snapshot.hpp"

#include "kernel/files.hpp"
#include "volume/data_copy.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/metadata_change.hpp"
#include "volume/snapshots.hpp"
#include "volume/stage.hpp"
#include "volume/trash.hpp"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <utility>

namespace dunnage::volume {
namespace {

Deed deed_of(const char* operation, const std::string& volume, const std::string& snapshot) {
  return {operation, volume, fmt::format("as \"{}\"", snapshot)};
}

/// It may have gone meanwhile, and the snapshot with it. Where nobody can tell, it is not acknowledged and must not
/// stay.
void require_volume_of(const Layout& layout, const Deed& deed, const OpenVolume& volume, int place,
                       const std::string& snapshot) {
  bool there = false;
  try {
    there = kernel::is_at(layout.volumes.get(), deed.volume, volume.directory.get());
  } catch (...) {
    (void)throw_away(place, snapshot, layout.open_trash().get());
    throw;
  }
  if (!there) {
    throw missing_failure(deed.operation, deed.volume, names_to_suggest(layout));
  }
}

VolumeSnapshot make_it(const Layout& layout, const Deed& deed, const std::string& name,
                       const SnapshotOptions& options) {
  const OpenVolume volume = open_volume(layout, deed);
  (void)snapshot_text(deed, {.volume = deed.volume, .name = name, .created_at = {}, .labels = options.labels});
  const auto place = make_snapshots(volume.directory.get());
  if (kernel::exists_at(place.get(), name)) {
    throw snapshot_exists_failure(deed, name);
  }
  Stage stage{layout.open_staging()};
  const LiveCopy copy = copy_live_data(layout, deed, volume, stage, options.freeze, options.watch);
  VolumeSnapshot snapshot{.volume = deed.volume,
                          .name = name,
                          .created_at = std::chrono::system_clock::now(),
                          .labels = options.labels,
                          .way = copy.data.way,
                          .consistency = copy.consistency,
                          .entries = copy.data.entries,
                          .bytes = copy.data.bytes,
                          .copied = copy.data.copied,
                          .mountpoint = snapshot_mountpoint(layout, deed.volume, name),
                          .limit = volume.info.limit,
                          .limit_way = volume.info.limit_way};
  try {
    write_snapshot_metadata(deed, stage.directory(), snapshot);
    if (!stage.publish(place.get(), name)) {
      throw snapshot_exists_failure(deed, name);
    }
  } catch (...) {
    take_data_back(stage);
    throw;
  }
  require_volume_of(layout, deed, volume, place.get(), name);
  return snapshot;
}

}  // namespace

VolumeSnapshot make_snapshot(const Layout& layout, const std::string& volume, const SnapshotOptions& options) {
  Deed deed{"snapshot volume", volume, {}};
  return with_deed(deed, [&] {
    const std::string name = options.name.empty() ? fresh_snapshot_name() : options.name;
    deed = deed_of("snapshot volume", volume, name);
    check_snapshot_name(deed, name);
    return make_it(layout, deed, name, options);
  });
}

void remove_snapshot(const Layout& layout, const std::string& volume, const std::string& snapshot) {
  const Deed deed{"remove snapshot of volume", volume, fmt::format("called \"{}\"", snapshot)};
  with_deed(deed, [&] {
    const auto directory = require_volume_directory(layout, deed.operation, volume);
    const auto place = open_snapshots(directory.get());
    const auto trash = layout.open_trash();
    // one that is damaged can be removed, too
    if (!place || !is_snapshot_name(snapshot) || !throw_away(place.get(), snapshot, trash.get())) {
      throw snapshot_missing_failure(deed, place.get(), snapshot);
    }
  });
}

VolumeSnapshot label_snapshot(const Layout& layout, const std::string& volume, const std::string& snapshot,
                              const Labels& labels) {
  const Deed deed{"label snapshot of volume", volume, fmt::format("called \"{}\"", snapshot)};
  return with_deed(deed, [&] {
    const auto directory = require_volume_directory(layout, deed.operation, volume);
    OpenSnapshot opened = open_snapshot(layout, deed, directory.get(), snapshot);
    opened.info.labels = labels;
    const NewMetadata metadata{layout, snapshot_text(deed, opened.info)};
    metadata.put(opened.directory.get());
    return std::move(opened.info);
  });
}

}  // namespace dunnage::volume
