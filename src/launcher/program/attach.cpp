// SPDX-License-Identifier: Apache-2.0
// The mounts of the plan, attached by descriptor.

#include "launcher/program/added_mounts.hpp"
#include "launcher/program/child.hpp"
#include "launcher/program/transfer.hpp"

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

/// By what is known: a source that has died meanwhile is attached like any other.
Place place_of(Child& child, int fd, Step step, int index) noexcept {
  struct statx status {};
  require(child, step,
          raw_syscall(__NR_statx, fd, as_argument(""), AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID,
                      as_argument(&status)),
          index);
  return {status.stx_mnt_id, status.stx_mode & static_cast<unsigned>(S_IFMT)};
}

/// Which mount the container will find at a path: its root is this process's already. Nobody is asked who could let us
/// wait: mounts are the kernel's own.
uint64_t mount_at(Child& child, const char* path, int index) noexcept {
  struct statx status {};
  require(child, Step::VerifyMount,
          raw_syscall(__NR_statx, AT_FDCWD, as_argument(path), AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_MNT_ID,
                      as_argument(&status)),
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
void check_file_system(Child& child, int target, const MountRecord& record) noexcept {
  const long magic = require(child, Step::CheckTarget, magic_of(target), record.plan_index);
  if (magic == PROC_SUPER_MAGIC || magic == SYSFS_MAGIC || magic == DEVPTS_SUPER_MAGIC ||
      magic == CGROUP2_SUPER_MAGIC || magic == CGROUP_SUPER_MAGIC) {
    fail(child, Step::CheckTarget, EPERM, record.plan_index);
  }
}

void check_target(Child& child, int target, const MountRecord& record) noexcept {
  const Place place = place_of(child, target, Step::CheckTarget, record.plan_index);
  if (place.mount != child.checked_mount) {
    check_file_system(child, target, record);
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

/// What most targets are: a directory of the root's own mount. The kernel says so by opening it: it is a directory, and
/// no mount point was crossed from the root's descriptor on, neither one of ours nor one a link leads over, so it lies
/// on the mount of that descriptor, whose file system is looked at once. That is all check_target() finds out by
/// looking. Whatever is refused here is for those who look closer, and say what is wrong.
int open_in_root(Child& child, const char* path, const MountRecord& record) noexcept {
  if (!child.root_checked) {
    check_file_system(child, child.root, record);
    child.root_checked = true;
  }
  return kernel::open_at2(child.root, path, O_PATH | O_DIRECTORY,
                          RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
}

/// The next mount that follows. The host makes some while this process attaches those before; when it gives up, or is
/// gone, there are no more.
int take_following(Child& child, uint64_t& id) noexcept {
  if (child.taken == child.following.count) {
    const int socket = descriptor_of(child.slot, child.slot.request->follow);
    long size = 0;
    do {
      size = receive_message(socket, &child.followed, sizeof child.followed, child.following, 0);
    } while (size == -EINTR);
    child.taken = 0;
    const uint64_t whole = sizeof(Message) + child.following.count * sizeof(uint64_t);
    if (size < 0 || child.following.count == 0 || static_cast<uint64_t>(size) != whole) {
      fail(child, Step::ReceiveDescriptors, size < 0 ? static_cast<int>(-size) : EPIPE);
    }
  }
  id = child.followed.ids[child.taken];
  return child.following.values[child.taken++];
}

/// \param id  gets that of the mount, or 0
int open_mount(Child& child, const MountRecord& record, uint64_t& id) noexcept {
  if ((record.flags & kMountFollows) != 0) {
    return take_following(child, id);
  }
  id = record.id;
  return (record.flags & kMountShared) != 0 ? open_shared(child, record) : descriptor_of(child.slot, record.descriptor);
}

void attach_one(Child& child, MountRecord& record) noexcept {
  const char* path = text_of(child.slot, record.target);
  const int target = open_target(child, path, record);
  uint64_t id = 0;
  const int mount = open_mount(child, record, id);
  attach_over(child, record, path, target, mount, id);
  if ((record.flags & kMountShared) != 0) {
    (void)close_descriptor(mount);
  }
}

}  // namespace

int open_target(Child& child, const char* path, const MountRecord& record) noexcept {
  const bool file = (record.flags & kMountFile) != 0;
  int target = file ? -1 : open_in_root(child, path, record);
  if (target < 0) {
    target = open_or_create(child, path, file, Step::CreateTarget, record.plan_index);
    check_target(child, target, record);
  }
  return target;
}

void attach_over(Child& child, MountRecord& record, const char* path, int target, int mount, uint64_t id) noexcept {
  require(child, Step::AttachMount, kernel::attach_mount(mount, target), record.plan_index);
  child.slot.changed = true;
  (void)close_descriptor(target);
  // A path that was changed meanwhile by someone who shares the root or the volume leads elsewhere now. The number of a
  // mount stays the same when it is moved, and is nobody else's as long as there is a descriptor of it.
  if (id == 0) {
    id = place_of(child, mount, Step::VerifyMount, record.plan_index).mount;
  }
  if (mount_at(child, path, record.plan_index) != id) {
    fail(child, Step::VerifyMount, ESTALE, record.plan_index);
  }
  record.attached = id;
}

void check_own_places(Child& child) noexcept {
  const auto check = [&](const char* name, int mount) {
    if (mount_at(child, name, -1) != place_of(child, mount, Step::VerifyMount, -1).mount) {
      fail(child, Step::VerifyMount, ESTALE);
    }
  };
  check("proc", child.proc);
  check("sys", child.sys);
  check("dev", child.dev);
}

void attach_mounts(Child& child, MountOrigin origin) noexcept {
  const uint32_t wanted = origin == MountOrigin::Root ? kMountInternal : 0U;
  const uint32_t told_apart = kMountInternal | kMountDetached | (child.own_dev >= 0 ? kMountShared : 0U);
  MountRecord* mounts = mounts_of(child.slot);
  for (uint32_t index = 0; index < child.slot.request->mounts.count; ++index) {
    if ((mounts[index].flags & told_apart) == wanted) {  // a template keeps those it shares
      attach_one(child, mounts[index]);
    }
  }
  for (AddedMount* added = child.slot.added; origin == MountOrigin::Plan && added != nullptr; added = added->next) {
    if (added->attached) {
      attach_over(child, added->record, added->target, open_target(child, added->target, added->record), added->mount,
                  0);
    }
  }
}

}  // namespace dunnage::launcher
