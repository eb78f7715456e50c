// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What an image says about being run, and who has the last word.

#include <dunnage/container.hpp>
#include <dunnage/image.hpp>

namespace dunnage::launch {

/// Fills in what the specification leaves to the image, as `docker run` does, and with the library's defaults what
/// the image leaves open. A specification that is complete stays as it is. An image chooses what runs in the container
/// and nothing of the host.
/// Throws: LaunchError(invalid_argument) for a stop signal or a working directory that is none.
void complete(LaunchSpec& spec, const ImageConfig& image);

}  // namespace dunnage::launch
