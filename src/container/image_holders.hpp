// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Who will want an image again: containers that have ended, have a record, and mount it beside what they are made of.

#include "image/removal.hpp"
#include "volume/layout.hpp"

namespace dunnage::container {

/// Of the recorded containers, running or not, that mount images of this store. A record that cannot be read holds
/// nothing, for nobody can start its container again. Throws: kernel::CallError.
[[nodiscard]] image::Holders find_image_holders(const volume::Layout& layout);

}  // namespace dunnage::container
