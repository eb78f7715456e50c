// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Images of an OCI layout, wherever it lies.

#include <dunnage/image_store.hpp>

#include "image/intake.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

/// \param text  of the file "oci-layout". Throws: Fault(image_invalid, not_supported).
void require_oci_version(std::string_view text);

/// Brings a blob of the layout into the intake, which may have it already.
using Fetch = std::function<void(const Descriptor& blob)>;

/// Takes in the images of a layout: each that its index names, for the platform in `options` where there are several.
/// Throws: Fault, CallError.
[[nodiscard]] std::vector<NewImage> take_oci(Intake& intake, std::string_view index, const Fetch& fetch,
                                             const LoadOptions& options);

/// The same for a layout that is a directory. Throws: Fault, CallError.
[[nodiscard]] std::vector<NewImage> take_oci_directory(Intake& intake, int directory, const LoadOptions& options);

/// Full names for images that came without one: `name`, which only one of them can have. `tags` are what stands for a
/// tag with each, or is empty. Throws: Fault(invalid_argument).
void give_name(std::vector<NewImage>& images, const std::vector<std::string>& tags, const std::string& name);

}  // namespace dunnage::image
