// SPDX-License-Identifier: Apache-2.0
#include "launch/released_locks.hpp"

#include "image/known.hpp"
#include "image/layout.hpp"
#include "image/mount_users.hpp"
#include "image/trees.hpp"
#include "kernel/call_error.hpp"
#include "launcher/identity.hpp"
#include "volume/volume_store_access.hpp"

#include <sys/stat.h>

#include <cerrno>

namespace dunnage::launch {
namespace {

std::vector<volume::LockedFile> locks_of_volume(const ResolvedMount& mount) {
  const auto store = VolumeStoreAccess::open_existing(mount.store);
  return store ? volume::locked_files(VolumeStoreAccess::layout(*store), mount.volume)
               : std::vector<volume::LockedFile>{};
}

std::vector<volume::LockedFile> locks_of_image(const ResolvedMount& mount, const std::string& container_id,
                                               const prepare::Ids& user) {
  const auto layout = image::open_existing_layout(mount.store);
  const auto image = layout ? image::find_known_image(*layout, mount.image_id) : nullptr;
  if (image == nullptr) {
    return {};
  }
  const image::Trees trees =
      image::open_trees(*layout, *image, launcher::identity_for(user.uid, user.gid), {}, {});  // in use: they are there
  struct stat status {};
  if (::fstat(trees.locks.front().get(), &status) != 0) {
    throw kernel::CallError{"look at lock", errno};
  }
  std::vector<volume::LockedFile> files{{status.st_dev, status.st_ino}};
  for (const volume::LockedFile& file : image::locks_of_mount_user(*layout, container_id, mount.image_id)) {
    files.push_back(file);
  }
  return files;
}

}  // namespace

std::vector<volume::LockedFile> released_locks(const ResolvedMount& mount, const std::string& container_id,
                                               const prepare::Ids& user) {
  switch (mount.kind) {
    case MountKind::Volume:
      return locks_of_volume(mount);
    case MountKind::Image:
      return locks_of_image(mount, container_id, user);
    default:
      return {};
  }
}

}  // namespace dunnage::launch
