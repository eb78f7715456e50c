// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Images from files that others wrote.

#include <dunnage/image_store.hpp>

#include "image/layout.hpp"

#include <filesystem>
#include <vector>

namespace dunnage::image {

/// Throws: ImageError.
[[nodiscard]] std::vector<ImageInfo> load(const Layout& layout, const std::filesystem::path& path,
                                          const LoadOptions& options);

}  // namespace dunnage::image
