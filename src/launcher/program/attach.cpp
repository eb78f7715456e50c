// SPDX-License-Identifier: Apache-2.0
// The mounts of the plan, attached by descriptor.

#include "launcher/program/child.hpp"

#include <linux/magic.h>
#include <linux/stat.h>

#ifndef MQUEUE_MAGIC
#define MQUEUE_MAGIC 0x19800202
#endif

namespace dunnage::launcher {
namespace {

struct Place {
  uint64_t mount = 0;
  unsigned kind = 0;
};

Place place_of(Child& child, int fd, Step step, int index) noexcept {
  struct statx status {};
  require(child, step,
          raw_syscall(__NR_statx, fd, as_argument(""), AT_EMPTY_PATH, STATX_TYPE | STATX_MNT_ID, as_argument(&status)),
          index);
  return {status.stx_mnt_id, status.stx_mode & static_cast<unsigned>(S_IFMT)};
}

/// Which mount the container will find at a path: its root is this process's already.
uint64_t mount_at(Child& child, const char* path, int index) noexcept {
  struct statx status {};
  require(child, Step::VerifyMount,
          raw_syscall(__NR_statx, AT_FDCWD, as_argument(path), AT_NO_AUTOMOUNT, STATX_MNT_ID, as_argument(&status)),
          index);
  return status.stx_mnt_id;
}

/// fstatfs(2) into the kernel's own layout; only the magic is of interest.
long magic_of(int fd) noexcept {
  long buffer[32] = {};
  const long result = raw_syscall(__NR_fstatfs, fd, as_argument(buffer));
  return result < 0 ? result : buffer[0];
}

/// An image can make /data a link to /proc/sys; the kernel's own file systems are no place for a mount.
void check_target(Child& child, int target, const MountRecord& record) noexcept {
  const Place place = place_of(child, target, Step::CheckTarget, record.plan_index);
  if (place.mount != child.checked_mount) {
    const long magic = require(child, Step::CheckTarget, magic_of(target), record.plan_index);
    const bool refused = magic == PROC_SUPER_MAGIC || magic == SYSFS_MAGIC || magic == DEVPTS_SUPER_MAGIC ||
                         magic == CGROUP2_SUPER_MAGIC || magic == CGROUP_SUPER_MAGIC;
    if (refused) {
      fail(child, Step::CheckTarget, EPERM, record.plan_index);
    }
    if (child.own_dev >= 0 &&
        place.mount == place_of(child, child.own_dev, Step::CheckTarget, record.plan_index).mount) {
      fail(child, Step::OwnTarget, EPERM, record.plan_index);
    }
    child.checked_mount = place.mount;
  }
  const bool file = (record.flags & kMountFile) != 0;
  if ((place.kind == S_IFDIR) == file) {
    fail(child, Step::KindOfTarget, file ? EISDIR : ENOTDIR, record.plan_index);
  }
}

void attach_one(Child& child, const MountRecord& record) noexcept {
  const char* path = text_of(child.slot, record.target);
  const bool file = (record.flags & kMountFile) != 0;
  const int target = open_or_create(child, path, file, Step::CreateTarget, record.plan_index);
  check_target(child, target, record);
  const bool shared = (record.flags & kMountShared) != 0;
  const int mount = shared ? open_shared(child, record) : descriptor_of(child.slot, record.descriptor);
  require(child, Step::AttachMount, kernel::attach_mount(mount, target), record.plan_index);
  (void)close_descriptor(target);
  // a path that was changed meanwhile by someone who shares the root or the volume leads elsewhere now
  if (mount_at(child, path, record.plan_index) != place_of(child, mount, Step::VerifyMount, record.plan_index).mount) {
    fail(child, Step::VerifyMount, ESTALE, record.plan_index);
  }
  if (shared) {
    (void)close_descriptor(mount);
  }
}

}  // namespace

void attach_mounts(Child& child, MountOrigin origin) noexcept {
  const uint32_t wanted = origin == MountOrigin::Root ? kMountInternal : 0U;
  const uint32_t told_apart = kMountInternal | (child.own_dev >= 0 ? kMountShared : 0U);  // a template keeps those
  const MountRecord* mounts = mounts_of(child.slot);
  for (uint32_t index = 0; index < child.slot.request->mounts.count; ++index) {
    if ((mounts[index].flags & told_apart) == wanted) {
      attach_one(child, mounts[index]);
    }
  }
}

}  // namespace dunnage::launcher
