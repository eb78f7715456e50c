// SPDX-License-Identifier: Apache-2.0
#include "volume/listing.hpp"

#include "kernel/files.hpp"
#include "model/volume_name.hpp"
#include "volume/directory.hpp"
#include "volume/reading.hpp"
#include "volume/users.hpp"
#include "volume/volume_access.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace dunnage::volume {
namespace {

std::vector<kernel::DirectoryEntry> volume_entries(const Layout& layout) {
  auto entries = kernel::entries_in(layout.volumes.get());
  std::erase_if(entries, [](const auto& entry) { return !model::is_valid_volume_name(entry.name); });
  std::sort(entries.begin(), entries.end(), [](const auto& one, const auto& other) { return one.name < other.name; });
  return entries;
}

/// Makes the values that were asked for.
class Listing {
 public:
  Listing(const Layout& layout, const VolumeFilter& filter)
      : layout_{layout}, filter_{filter}, directory_{std::make_shared<const std::string>(layout.volumes_path())} {}

  void add(const VolumeInfo& info) {
    if (matches(layout_, info, filter_)) {
      volumes_.push_back(VolumeAccess::make(info, directory_));
    }
  }

  void add(const IndexedVolume& indexed) {
    if (filter_.anonymous && *filter_.anonymous != indexed.anonymous) {
      return;
    }
    for (const auto& [key, value] : filter_.labels) {
      const auto label = indexed.labels.find(key);
      if (!label || (value && *value != *label)) {
        return;
      }
    }
    Volume volume = VolumeAccess::make(directory_, [&](VolumeInfo& info) { indexed.write_to(info); });
    if (!filter_.in_use || matches(layout_, VolumeAccess::known(volume), {.in_use = filter_.in_use})) {
      volumes_.push_back(std::move(volume));
    }
  }

  void reserve(std::size_t count) { volumes_.reserve(count); }
  void sort() {
    std::sort(volumes_.begin(), volumes_.end(),
              [](const Volume& one, const Volume& other) { return one.name() < other.name(); });
  }

  std::vector<Volume> volumes() && { return std::move(volumes_); }

 private:
  const Layout& layout_;
  const VolumeFilter& filter_;
  std::shared_ptr<const std::string> directory_;
  std::vector<Volume> volumes_;
};

void add_indexed(Listing& listing, const Layout& layout, const VolumeIndex& index, bool is_about_all) {
  const std::vector<std::string>& changed = index.changed();
  if (is_about_all) {
    listing.reserve(index.volumes().size() + changed.size());
  }
  for (const IndexedVolume& volume : index.volumes()) {
    if (!std::binary_search(changed.begin(), changed.end(), volume.name, std::less<>{})) {
      listing.add(volume);
    }
  }
  VolumeReader reader{layout};
  for (const std::string& name : changed) {
    if (const auto reading = reader.read(name); reading.volume) {
      listing.add(*reading.volume);
    }
  }
  if (!changed.empty()) {
    listing.sort();
  }
}

}  // namespace

std::vector<Volume> list_volumes(const Layout& layout, const VolumeFilter& filter, const ListingRights& rights) {
  Listing listing{layout, filter};
  if (const auto index = VolumeIndex::read(layout, rights.make_index)) {
    add_indexed(listing, layout, *index, filter.labels.empty());
    return std::move(listing).volumes();
  }
  auto draft = rights.make_index ? IndexDraft::begin(layout, rights.settled) : std::nullopt;
  VolumeReader reader{layout};
  for (const kernel::DirectoryEntry& entry : volume_entries(layout)) {
    const auto reading = reader.read(entry.name);
    if (reading.volume) {
      listing.add(*reading.volume);
    }
    if (draft && reading.volume) {
      draft->add(entry.inode, *reading.volume);
    } else if (draft && !reading.damage.empty()) {
      draft->add_damaged(entry.name);
    }
  }
  if (draft) {
    draft->finish(layout);
  }
  return std::move(listing).volumes();
}

std::vector<Volume> walk_volumes(const Layout& layout, const VolumeFilter& filter, std::vector<std::string>& damaged) {
  Listing listing{layout, filter};
  VolumeReader reader{layout};
  for (const std::string& name : volume_names(layout)) {
    const auto reading = reader.read(name);
    if (reading.volume) {
      listing.add(*reading.volume);
    } else if (!reading.damage.empty()) {
      damaged.push_back(name);
    }
  }
  return std::move(listing).volumes();
}

}  // namespace dunnage::volume
