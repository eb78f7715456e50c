// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The image a mount shows, as its store has it.

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>

#include <filesystem>

namespace dunnage::plan {

/// Finds the image and says what preparing will do. Writes nothing. \param store root of the store it lives in
/// Throws: MountError(image_missing) with the nearest name, MountError(invalid_argument, not_supported) for what is no
/// name, VolumeError(store_unusable), ImageError(image_invalid) for an image that is damaged.
[[nodiscard]] ResolvedMount resolve_image(const ImageMount& wish, std::filesystem::path store);

}  // namespace dunnage::plan
