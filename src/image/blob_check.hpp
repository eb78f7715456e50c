// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Whether the content of images is there, and is what its digest says.

#include "image/layout.hpp"
#include "volume/findings.hpp"

namespace dunnage::image {

/// Of each image that index.json has. The faults may be repaired under a RepairLock.
/// \param contents  reads every blob, not only manifests and configurations. Throws: kernel::CallError.
[[nodiscard]] volume::StoreFaults faults_of_images(const Layout& layout, bool contents);

/// Of the layers that are unpacked. Throws: kernel::CallError.
[[nodiscard]] volume::StoreFaults faults_of_trees(const Layout& layout);

}  // namespace dunnage::image
