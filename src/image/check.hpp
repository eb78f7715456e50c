// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is wrong with the images of a store. A layer that is not unpacked is no damage: the next launch unpacks it.

#include <dunnage/store_report.hpp>

#include "volume/layout.hpp"

#include <vector>

namespace dunnage::image {

/// Where no image has ever been there is nothing to find. Throws: VolumeError.
[[nodiscard]] std::vector<StoreFinding> check_images(const volume::Layout& store, const StoreCheck& options);

/// The same, repaired: what has another content than its name says is set aside, so that it can come again.
/// Throws: VolumeError.
[[nodiscard]] std::vector<StoreFinding> repair_images(const volume::Layout& store, const StoreRepair& options);

}  // namespace dunnage::image
