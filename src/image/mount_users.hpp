// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which containers mount an image beside the one they are made of: `<store>/images/mounts/<container id>.<number>`, a
/// file for each mount, JSON: the image's id and the container's name. Its lock is held by the launcher as long as the
/// container lives, or until the mount is detached; what nobody locks says nothing, and goes when somebody looks.

#include "image/layout.hpp"
#include "kernel/file_descriptor.hpp"
#include "volume/use_locks.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

struct MountUser {
  std::string container_id;
  std::string container_name;
  std::string image_id;
};

/// \return the lock, for who lives as long as the container. Throws: kernel::CallError.
[[nodiscard]] kernel::FileDescriptor add_mount_user(const Layout& layout, const MountUser& user);

/// What that container locks for its mounts of the image. Throws: kernel::CallError.
[[nodiscard]] std::vector<volume::LockedFile> locks_of_mount_user(const Layout& layout, std::string_view container_id,
                                                                  std::string_view image_id);

/// Names of the containers that run and mount the image, sorted. Throws: kernel::CallError.
[[nodiscard]] std::vector<std::string> mount_users_of(const Layout& layout, std::string_view image_id);

}  // namespace dunnage::image
