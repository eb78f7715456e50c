// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Taking names and images out of the store.

#include <dunnage/image_store.hpp>

#include "image/layout.hpp"

#include <string_view>

namespace dunnage::image {

/// All of these throw ImageError.

/// Takes a name away, and the image with its last one; with an id or a digest, the image with all its names.
void remove_image(const Layout& layout, std::string_view name);

/// Removes images without a tag, or all, that no container uses, and what no image needs.
[[nodiscard]] ImagePruneResult prune_images(const Layout& layout, bool all);

}  // namespace dunnage::image
