// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the layers above may know of an open store of images.

#include <dunnage/image_store.hpp>

#include "image/layout.hpp"

namespace dunnage {

struct ImageStore::State {
  image::Layout layout;
};

class ImageStoreAccess {
 public:
  /// Lives as long as the store or one of its copies.
  [[nodiscard]] static const image::Layout& layout(const ImageStore& store) noexcept { return store.state_->layout; }
};

}  // namespace dunnage
