// SPDX-License-Identifier: Apache-2.0
// The root file system, /proc and /sys.

#include "launcher/program/child.hpp"
#include "launcher/program/park.hpp"
#include "launcher/program/read_back.hpp"

#include <linux/sched.h>

namespace dunnage::launcher {
namespace {

constexpr uint64_t kLocked = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

/// A file system without options, as a detached mount.
int detach_plain(const char* type, uint64_t attributes) noexcept {
  const int context = kernel::open_file_system(type);
  if (context < 0) {
    return context;
  }
  (void)kernel::configure_string(context, "source", type);  // only a name in mountinfo
  int result = kernel::create_file_system(context);
  if (result >= 0) {
    result = kernel::mount_file_system(context, attributes);
  }
  (void)close_descriptor(context);
  return result;
}

/// Sysfs shows the network namespace it is mounted in; without rights over that (the host's network, as an ordinary
/// user), the kernel only allows a copy of the host's mount, which cannot be less restricted.
int detach_sys(const Child& child) noexcept {
  const bool foreign_network = child.surroundings.rootless && (child.slot.request->flags & kHostNetwork) != 0;
  if (!foreign_network) {
    return detach_plain("sysfs", kLocked | MOUNT_ATTR_RDONLY);
  }
  const int mount = kernel::open_tree_at(AT_FDCWD, kParkedSys, OPEN_TREE_CLONE | AT_RECURSIVE);
  if (mount >= 0) {
    const int result = kernel::set_mount_attributes(mount, AT_RECURSIVE, kLocked | MOUNT_ATTR_RDONLY, 0, 0);
    if (result < 0) {
      (void)close_descriptor(mount);
      return result;
    }
  }
  return mount;
}

}  // namespace

int open_own_directory(Child& child, int directory, const char* name, Step step) noexcept {
  constexpr uint64_t kResolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  int fd = kernel::open_at2(directory, name, O_PATH | O_DIRECTORY, kResolve);
  if (fd == -ENOENT) {
    require(child, step, make_directory_at(directory, name, 0755));
    fd = kernel::open_at2(directory, name, O_PATH | O_DIRECTORY, kResolve);
  }
  return static_cast<int>(require(child, step, fd));
}

void make_system_mounts(Child& child) noexcept {
  child.proc = static_cast<int>(require(child, Step::MountProc, detach_plain("proc", kLocked)));
  child.sys = static_cast<int>(require(child, Step::MountSys, detach_sys(child)));
}

void enter_mount_namespace(Child& child) noexcept {
  const int shared = descriptor_of(child.slot, child.slot.request->begins_with);
  const int mounts = shared >= 0 ? shared : child.surroundings.empty_mounts;
  require(child, Step::EnterMountNamespace, raw_syscall(__NR_setns, mounts, CLONE_NEWNS));
  require(child, Step::EnterMountNamespace, unshare_mounts());
  const int root = open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
  child.masks = static_cast<int>(require(child, Step::EnterMountNamespace, root));
}

/// On top of the only other mount there is, which is empty: unlike pivot_root(2), this leaves nothing to unmount, for
/// which the kernel would wait until no processor looks at the old root any more.
void attach_rootfs(Child& child) noexcept {
  child.root = descriptor_of(child.slot, child.slot.request->rootfs);
  if (child.root < 0) {
    child.root = open_shared_root(child);
  }
  require(child, Step::AttachRootfs, kernel::attach_mount(child.root, child.masks));
}

void attach_system_mounts(Child& child) noexcept {
  int target = open_own_directory(child, child.root, "proc", Step::MountProc);
  require(child, Step::MountProc, kernel::attach_mount(child.proc, target));
  (void)close_descriptor(target);

  target = open_own_directory(child, child.root, "sys", Step::MountSys);
  require(child, Step::MountSys, kernel::attach_mount(child.sys, target));
  (void)close_descriptor(target);

  target = kernel::open_at2(child.sys, "fs/cgroup", O_PATH | O_DIRECTORY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  if (target != -ENOENT) {  // a kernel without cgroups has no such directory, and nothing to hide there
    require(child, Step::MountCgroup, target);
    const int cgroup =
        static_cast<int>(require(child, Step::MountCgroup, detach_plain("cgroup2", kLocked | MOUNT_ATTR_RDONLY)));
    require(child, Step::MountCgroup, kernel::attach_mount(cgroup, target));
    (void)close_descriptor(cgroup);
    (void)close_descriptor(target);
  }
}

}  // namespace dunnage::launcher
