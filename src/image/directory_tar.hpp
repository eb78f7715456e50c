// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A tar archive of a directory, as `tar -c` of the same user would write it.

#include <dunnage/image_store.hpp>

#include "image/watching.hpp"

#include <functional>
#include <string_view>

namespace dunnage::image {

/// Writes all that is in a directory, by descriptors and without following a link: owners by number, modes, times in
/// seconds, extended attributes, hard links, holes, devices and FIFOs. Sockets are left out, as nobody could use them,
/// and of what is mounted below only the mount point is there. The order is that of the names.
/// Throws: Fault(limit_exceeded), Fault(image_invalid) if a file changes meanwhile, CallError, what `write` throws.
void write_directory_tar(int directory, const ImageLimits& limits, Watching& watching,
                         const std::function<void(std::string_view)>& write);

}  // namespace dunnage::image
