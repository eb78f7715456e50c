// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Images from registries.

#include <dunnage/image_store.hpp>

#include "image/layout.hpp"

#include <string_view>

namespace dunnage::image {

/// Throws: ImageError.
[[nodiscard]] ImageInfo pull(const Layout& layout, std::string_view name, const PullOptions& options);

}  // namespace dunnage::image
