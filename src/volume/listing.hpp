// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// All volumes at once.

#include <dunnage/volume_store.hpp>

#include "volume/index.hpp"
#include "volume/layout.hpp"

#include <string>
#include <vector>

namespace dunnage::volume {

/// What a listing may do beside reading.
struct ListingRights {
  bool make_index = true;
  Settled settled = Settled::Required;
};

/// From the index if there is one, else from the directories; then the next one finds an index, if there can be one.
/// Sorted by name. Throws: CallError.
[[nodiscard]] std::vector<Volume> list_volumes(const Layout& layout, const VolumeFilter& filter,
                                               const ListingRights& rights);

/// From the directories. \param damaged  names of those that cannot be read. Throws: CallError.
[[nodiscard]] std::vector<Volume> walk_volumes(const Layout& layout, const VolumeFilter& filter,
                                               std::vector<std::string>& damaged);

}  // namespace dunnage::volume
