// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What `docker save` and `podman save` write: a manifest.json that names configurations and layers of an archive.

#include <dunnage/image_store.hpp>

#include "image/archive_content.hpp"
#include "image/intake.hpp"

#include <vector>

namespace dunnage::image {

/// Takes in all images of the archive. Throws: Fault, CallError.
[[nodiscard]] std::vector<NewImage> take_docker_archive(Intake& intake, const ArchiveContent& content,
                                                        const LoadOptions& options);

}  // namespace dunnage::image
