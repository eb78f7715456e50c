// SPDX-License-Identifier: Apache-2.0
#include "volume/copy_volume.hpp"

#include "volume/create.hpp"
#include "volume/data.hpp"
#include "volume/reading.hpp"

#include <fmt/format.h>

#include <utility>

namespace dunnage::volume {
Labels labels_of_named(Labels labels) {
  labels.erase("com.docker.volume.anonymous");
  return labels;
}

VolumeInfo create_copy(const Layout& layout, const std::string& name, const VolumeOptions& options, const Deed& deed,
                       const DataCopy& copy, const Watch& watch) {
  return create(layout, name, options, [&](const Stage& stage) { (void)copy_data(deed, stage, copy, watch); });
}

VolumeInfo copy_volume(const Layout& from, const std::string& name, const Layout& to, const std::string& new_name,
                       const Watch& watch) {
  VolumeInfo info = read_volume(from, kCopyVolume, name);
  const VolumeData data{from, info, kCopyVolume, "a copy"};
  VolumeOptions options{.labels = labels_of_named(std::move(info.labels))};
  if (info.limit_way != LimitWay::None) {
    options.limit = info.limit;
  }
  return create_copy(to, new_name, options, {kCopyVolume, name, fmt::format("-> \"{}\"", new_name)},
                     {.from = data.directory(), .locks = data.locks()}, watch);
}

}  // namespace dunnage::volume
