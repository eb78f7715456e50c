// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Images from files that others wrote.

#include <dunnage/image_store.hpp>

#include "image/layout.hpp"

#include <filesystem>
#include <vector>

namespace dunnage::image {

/// All of these throw ImageError.

/// An OCI image layout, a directory or an archive, or an archive of `docker save`.
[[nodiscard]] std::vector<ImageInfo> load(const Layout& layout, const std::filesystem::path& path,
                                          const LoadOptions& options);
/// An archive from an open file, pipe or socket.
[[nodiscard]] std::vector<ImageInfo> load(const Layout& layout, int fd, const LoadOptions& options);

}  // namespace dunnage::image
