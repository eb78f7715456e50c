// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the tests of the index of volumes share.

#include "unit/volume_support.hpp"
#include "volume/listing.hpp"
#include "volume/volume_store_access.hpp"

#include <dirent.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace dunnage::test {

/// Lists as a store does, and leaves an index however short ago the last change was.
inline std::vector<Volume> list_with_index(const VolumeStore& store, const VolumeFilter& filter = {}) {
  return volume::list_volumes(VolumeStoreAccess::layout(store), filter, {.settled = volume::Settled::NotRequired});
}

/// Whether a listing takes what it says from an index.
inline bool has_index(const VolumeStore& store) {
  return volume::VolumeIndex::read(VolumeStoreAccess::layout(store), false).has_value();
}

inline std::filesystem::path index_of(const VolumeStore& store) { return store.root() / "volume-index" / "list"; }

/// What the directories say, without any index.
inline std::vector<Volume> truth_of(const VolumeStore& store) {
  std::vector<std::string> damaged;
  return volume::walk_volumes(VolumeStoreAccess::layout(store), {}, damaged);
}

}  // namespace dunnage::test
