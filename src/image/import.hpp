// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Images of one layer from plain root file systems.

#include <dunnage/image_store.hpp>

#include "image/layout.hpp"

#include <filesystem>
#include <string_view>

namespace dunnage::image {

/// Throws: ImageError.
[[nodiscard]] ImageInfo import_rootfs(const Layout& layout, const std::filesystem::path& path, std::string_view name,
                                      const ImportOptions& options);

}  // namespace dunnage::image
