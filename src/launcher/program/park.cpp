// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/park.hpp"

#include "launcher/detach.hpp"
#include "launcher/program/read_back.hpp"
#include "launcher/program/system.hpp"

#include <linux/sched.h>

#include <initializer_list>

namespace dunnage::launcher {
namespace {

constexpr long kDetachUnmount = 2;  // MNT_DETACH
constexpr uint64_t kParkedSize = 16U << 20U;

/// No failure when `result` is none.
Failure failed(Step step, long result) noexcept {
  Failure failure;
  failure.step = step;
  failure.error = result < 0 ? static_cast<int32_t>(-result) : 0;
  return failure;
}

int make_file_at(int directory, const char* name, unsigned mode) noexcept {
  return static_cast<int>(raw_syscall(__NR_mknodat, directory, as_argument(name), S_IFREG | mode, 0));
}

long attach_at(int mount, int directory, const char* name) noexcept {
  return raw_syscall(__NR_move_mount, mount, as_argument(""), directory, as_argument(name), MOVE_MOUNT_F_EMPTY_PATH);
}

constexpr const char* kHostTrees[] = {"proc",     "sys",        "dev/null",    "dev/zero",
                                      "dev/full", "dev/random", "dev/urandom", "dev/tty"};
constexpr const char* kKeptAs[] = {"host/proc",    "host/sys",       "devices/null",    "devices/zero",
                                   "devices/full", "devices/random", "devices/urandom", "devices/tty"};
constexpr unsigned kTreeCount = sizeof kHostTrees / sizeof kHostTrees[0];
constexpr unsigned kFirstDevice = 2;

/// Copies of the host's trees an ordinary user's containers need (see park.hpp and dev.cpp), taken before it is left.
struct HostTrees {
  int fds[kTreeCount] = {-1, -1, -1, -1, -1, -1, -1, -1};

  long take(int root) noexcept {
    for (unsigned index = 0; index < kTreeCount; ++index) {
      const unsigned recursive = index < kFirstDevice ? AT_RECURSIVE : 0;
      fds[index] = kernel::open_tree_at(root, kHostTrees[index], OPEN_TREE_CLONE | recursive);
      if (fds[index] < 0) {
        return fds[index];
      }
    }
    return 0;
  }

  long attach() noexcept {
    for (unsigned index = 0; index < kTreeCount; ++index) {
      long result = index < kFirstDevice ? 0 : make_file_at(AT_FDCWD, kKeptAs[index], 0666);
      result = result < 0 ? result : attach_at(fds[index], AT_FDCWD, kKeptAs[index]);
      (void)close_descriptor(fds[index]);
      if (result < 0) {
        return result;
      }
    }
    return 0;
  }
};

long make_tree() noexcept {
  for (const char* name : {"devices", "host", "host/proc", "host/sys", "held", "proc"}) {
    if (const int result = make_directory_at(AT_FDCWD, name, 0700); result < 0) {
      return result;
    }
  }
  return 0;
}

/// A /proc of this launcher's pid namespace, in which it finds the processes of its containers.
int make_own_proc() noexcept {
  const int context = kernel::open_file_system("proc");
  if (context < 0) {
    return context;
  }
  int result = kernel::create_file_system(context);
  result = result < 0 ? result
                      : kernel::mount_file_system(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  (void)close_descriptor(context);
  return result;
}

/// Makes the masks, read-only, the root of this mount namespace, and lets go of everything else in it.
long leave_host() noexcept {
  const int masks = make_masks();
  if (masks < 0) {
    return masks;
  }
  long result = kernel::set_mount_attributes(masks, 0, MOUNT_ATTR_RDONLY, 0, 0);
  // pivot_root(2) wants a mount point: any directory there is will do, as it is left at once
  result = result < 0 ? result : attach_at(masks, AT_FDCWD, "/proc");
  result = result < 0 ? result : raw_syscall(__NR_fchdir, masks);
  result = result < 0 ? result : raw_syscall(__NR_pivot_root, as_argument("."), as_argument("."));
  result = result < 0 ? result : raw_syscall(__NR_umount2, as_argument("."), kDetachUnmount);
  (void)close_descriptor(masks);
  return result < 0 ? result : raw_syscall(__NR_chdir, as_argument("/"));
}

/// The launcher's own mount namespace begins as its containers' do, and gets a root of its own as they do.
long enter_own_root() noexcept {
  DetachRequest request;
  request.size = kParkedSize;
  request.mode = 0700;
  request.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  long result = unshare_mounts();
  const DetachResult root = detach_tmpfs(request);
  if (result < 0 || root.failure.error != 0) {
    return result < 0 ? result : -root.failure.error;
  }
  result = attach_at(root.fd, AT_FDCWD, "/");
  result = result < 0 ? result : raw_syscall(__NR_fchdir, root.fd);
  result = result < 0 ? result : raw_syscall(__NR_chroot, as_argument("."));
  (void)close_descriptor(root.fd);
  return result < 0 ? result : make_tree();
}

}  // namespace

int make_masks() noexcept {
  DetachRequest request;
  request.size = 4096;
  request.mode = 0555;
  request.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  const DetachResult masks = detach_tmpfs(request);
  if (masks.failure.error != 0) {
    return -masks.failure.error;
  }
  int result = make_directory_at(masks.fd, kMaskDirectory, 0555);
  result = result < 0 ? result : make_file_at(masks.fd, kMaskFile, 0444);
  if (result < 0) {
    (void)close_descriptor(masks.fd);
  }
  return result < 0 ? result : masks.fd;
}

Failure park(bool rootless, int& empty_mounts) noexcept {
  long result = unshare_mounts();
  const int host_root = open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
  result = result >= 0 && host_root < 0 ? host_root : result;
  // nothing done here may travel to the host
  result = result < 0 ? result : kernel::set_mount_attributes(host_root, AT_RECURSIVE, 0, 0, kPrivate);
  HostTrees trees;
  result = result < 0 || !rootless ? result : trees.take(host_root);
  (void)close_descriptor(host_root);
  const int proc = result < 0 ? -1 : make_own_proc();
  result = proc < 0 && result >= 0 ? proc : result;
  empty_mounts = result < 0 ? -1 : open_at(proc, "self/ns/mnt", O_RDONLY);
  result = empty_mounts < 0 && result >= 0 ? empty_mounts : result;
  result = result < 0 ? result : leave_host();
  result = result < 0 ? result : enter_own_root();
  result = result < 0 ? result : attach_at(proc, AT_FDCWD, kParkedProc);
  if (result < 0) {
    return failed(Step::ParkNamespace, result);
  }
  (void)close_descriptor(proc);
  return failed(Step::BindDevices, rootless ? trees.attach() : 0);
}

}  // namespace dunnage::launcher
