// SPDX-License-Identifier: Apache-2.0
#include "kernel/subvolume.hpp"

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstring>

namespace dunnage::kernel {
namespace {

bool set_name(btrfs_ioctl_vol_args_v2& arguments, const std::string& name) noexcept {
  if (name.size() >= sizeof arguments.name) {
    errno = ENAMETOOLONG;
    return false;
  }
  std::memcpy(static_cast<char*>(arguments.name), name.c_str(), name.size() + 1);
  return true;
}

}  // namespace

bool is_subvolume(int fd) {
  const struct stat status = status_of(fd);
  struct statfs system {};
  if (status.st_ino != BTRFS_FIRST_FREE_OBJECTID || !S_ISDIR(status.st_mode)) {
    return false;
  }
  if (::fstatfs(fd, &system) != 0) {
    throw CallError{"statfs", errno};
  }
  return static_cast<unsigned long>(system.f_type) == BTRFS_SUPER_MAGIC;
}

bool can_be_snapshotted(int fd) noexcept {
  struct stat status {};
  btrfs_ioctl_get_subvol_rootref_args inner{};
  return ::fstat(fd, &status) == 0 && status.st_ino == BTRFS_FIRST_FREE_OBJECTID &&
         ::ioctl(fd, BTRFS_IOC_GET_SUBVOL_ROOTREF, &inner) == 0 && inner.num_items == 0;
}

std::uint64_t identity_of_directory(int fd) {
  constexpr std::uint64_t kOfSubvolume = std::uint64_t{1} << 63U;
  if (!is_subvolume(fd)) {
    return status_of(fd).st_ino;
  }
  const FileDescriptor opened = open_beneath(fd, ".", O_RDONLY | O_DIRECTORY);
  btrfs_ioctl_ino_lookup_args lookup{};
  lookup.objectid = BTRFS_FIRST_FREE_OBJECTID;
  if (!opened || ::ioctl(opened.get(), BTRFS_IOC_INO_LOOKUP, &lookup) != 0) {
    throw CallError{"ask for the subvolume", errno};
  }
  return kOfSubvolume | lookup.treeid;
}

int make_subvolume(int parent, const std::string& name) noexcept {
  btrfs_ioctl_vol_args_v2 arguments{};
  return set_name(arguments, name) && ::ioctl(parent, BTRFS_IOC_SUBVOL_CREATE_V2, &arguments) == 0 ? 0 : errno;
}

int snapshot_subvolume(int source, int parent, const std::string& name) noexcept {
  btrfs_ioctl_vol_args_v2 arguments{};
  arguments.fd = source;
  if (!set_name(arguments, name)) {
    return errno;
  }
  return ::ioctl(parent, BTRFS_IOC_SNAP_CREATE_V2, &arguments) == 0 ? 0 : errno;
}

}  // namespace dunnage::kernel
