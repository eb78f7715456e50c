// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Taking names and images out of the store.

#include <dunnage/image_store.hpp>

#include "image/layout.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace dunnage::image {

/// All of these throw ImageError.

/// Names of containers that hold images though they may not run, by the id of the image.
using Holders = std::multimap<std::string, std::string>;
/// A layer above knows them; it is asked while nobody else changes which images there are.
/// Throws: kernel::CallError.
using FindHolders = std::function<Holders()>;

/// Takes a name away, and the image with its last one; with an id or a digest, the image with all its names.
void remove_image(const Layout& layout, std::string_view name, const FindHolders& find_holders);

/// Removes images without a tag, or all, that no container uses, and what no image needs.
[[nodiscard]] ImagePruneResult prune_images(const Layout& layout, bool all, const FindHolders& find_holders);

}  // namespace dunnage::image
