// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Images by their names and ids.

#include <dunnage/image.hpp>

#include "image/index.hpp"
#include "image/layout.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

/// `NAME[:TAG][@DIGEST]`, an id, or the beginning of an id.
/// Throws: ImageError(invalid_argument) if it is none of these, or if several ids begin so; ImageError(image_invalid,
/// digest_mismatch) if what is found is damaged.
[[nodiscard]] std::optional<ImageInfo> find_image(const Layout& layout, std::string_view name);

/// The same. Throws also: ImageError(image_missing) with the nearest name as remedy.
[[nodiscard]] ImageInfo get_image(const Layout& layout, std::string_view name);

/// The descriptor of an image, without a name. Throws: Fault, CallError.
[[nodiscard]] std::optional<Descriptor> resolve(const Layout& layout, const Index& index, std::string_view name);

/// What is known about an image. Throws: Fault, CallError.
[[nodiscard]] ImageInfo describe(const Layout& layout, const Index& index, const Descriptor& manifest);

/// The same; nothing if the image has been removed since the index was read.
[[nodiscard]] std::optional<ImageInfo> describe_if_there(const Layout& layout, const Index& index,
                                                         const Descriptor& manifest);

/// All names, full and as people write them, for "did you mean".
[[nodiscard]] std::vector<std::string> known_names(const Index& index);

}  // namespace dunnage::image
