// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Images this process has looked up before: a launch asks for the same few again and again, and an answer is good as
/// long as index.json is the file it was taken from.

#include <dunnage/image.hpp>

#include "image/layout.hpp"

#include <memory>
#include <optional>
#include <string_view>

namespace dunnage::image {

/// As find_image(). The most recent answers of this process are kept. Throws as that does.
[[nodiscard]] std::shared_ptr<const ImageInfo> find_known_image(const Layout& layout, std::string_view name);

/// As get_image().
[[nodiscard]] std::shared_ptr<const ImageInfo> get_known_image(const Layout& layout, std::string_view name);

/// Waits for who is removing images at this moment.
/// \return whether the image is still there after that. Throws: ImageError, kernel::CallError.
[[nodiscard]] bool is_still_there(const Layout& layout, const ImageInfo& image);

}  // namespace dunnage::image
