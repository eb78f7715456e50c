// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An image, or a part of it, as a detached mount.

#include <dunnage/mount_plan.hpp>
#include <dunnage/progress.hpp>

#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"
#include "prepare/detach_mount.hpp"

#include <string>
#include <vector>

namespace dunnage::prepare {

/// For whom: what an image's users are called.
struct ImageUser {
  std::string container_id;
  std::string container_name;
};

struct OpenedImage {
  kernel::FileDescriptor mount;
  std::vector<kernel::FileDescriptor> locks;  ///< keep the image and its unpacked layers
};

/// Unpacks what is not unpacked yet. Writes into the plan's mount whether it is a directory or a file.
/// Throws: MountError, ImageError.
[[nodiscard]] OpenedImage open_image(MountSource& source, ResolvedMount& mount, const launcher::Identity& identity,
                                     const ImageUser& user, const Watch& watch);

/// For one more container that is shown a mount of it: its locks of its own. Throws: as open_image().
[[nodiscard]] std::vector<kernel::FileDescriptor> hold_image(const ResolvedMount& mount,
                                                             const launcher::Identity& identity, const ImageUser& user);

}  // namespace dunnage::prepare
