// SPDX-License-Identifier: Apache-2.0
#include "volume/clone.hpp"

#include "model/volume_name.hpp"
#include "volume/data_copy.hpp"
#include "volume/failure.hpp"
#include "volume/limit_mark.hpp"
#include "volume/limited_data.hpp"
#include "volume/snapshot_content.hpp"
#include "volume/snapshots.hpp"
#include "volume/volume_access.hpp"

#include <fmt/format.h>

#include <utility>

namespace dunnage::volume {
namespace {

/// What is copied, opened once: the labels and the data are of one volume.
struct CloneSource {
  OpenVolume volume;
  std::optional<OpenSnapshot> snapshot{};
};

CloneSource open_source(const Layout& layout, const Deed& deed, const CloneOptions& options) {
  CloneSource source{.volume = open_volume(layout, deed)};
  if (options.snapshot) {
    source.snapshot = open_snapshot(layout, deed, source.volume.directory.get(), *options.snapshot);
  }
  return source;
}

LiveCopy copy_source(const Layout& layout, const Deed& deed, const CloneSource& source, const Stage& stage,
                     const CloneOptions& options) {
  const VolumeInfo& info = source.volume.info;
  if (source.snapshot) {
    return {.data = copy_snapshot_within(layout, deed, *source.snapshot, stage, info, options.watch),
            .consistency = source.snapshot->info.consistency};
  }
  const LiveCopy copy = copy_live_data(layout, deed, source.volume, stage, options.freeze, options.watch);
  if (info.limit_way != LimitWay::None) {
    keep_limit(layout, deed, stage, info, options.watch);
    mark_limited(stage, info.limit_way);
  }
  return copy;
}

}  // namespace

VolumeClone clone_volume(const Layout& layout, const std::string& source, const std::string& name,
                         const CloneOptions& options) {
  const std::string from = options.snapshot ? fmt::format("from snapshot \"{}\" ", *options.snapshot) : std::string{};
  const Deed deed{"clone volume", source, fmt::format("{}to \"{}\"", from, name)};
  return with_deed(deed, [&] {
    if (!model::is_valid_volume_name(name)) {
      throw bad_name_failure(deed.operation, name);
    }
    const CloneSource opened = open_source(layout, deed, options);
    LiveCopy copy;
    const VolumeOptions volume{.labels = options.labels.value_or(opened.volume.info.labels)};
    const VolumeInfo& source_info = opened.volume.info;
    VolumeInfo info = create_like(layout, name, volume, source_info, [&](const Stage& stage) {
      copy = copy_source(layout, deed, opened, stage, options);
    });
    return VolumeClone{.volume = VolumeAccess::make(std::move(info)),
                       .way = copy.data.way,
                       .consistency = copy.consistency,
                       .entries = copy.data.entries,
                       .bytes = copy.data.bytes,
                       .copied = copy.data.copied};
  });
}

}  // namespace dunnage::volume
