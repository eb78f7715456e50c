// SPDX-License-Identifier: Apache-2.0
// Read-only and masked paths (the union of Docker's and Podman's), the read-only root, and the change of root.

#include "launcher/program/child.hpp"
#include "launcher/program/park.hpp"
#include "launcher/program/read_back.hpp"

#include <linux/stat.h>

namespace dunnage::launcher {
namespace {

constexpr uint64_t kNoLinks = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS;

constexpr const char* kReadOnly[] = {"bus", "fs", "irq", "sys", "sysrq-trigger"};

struct Masked {
  const char* path;
  bool in_sys;
  bool directory;  ///< what it is in the kernels we know; another kind is looked at
};

/// Last of each kind what every kernel has: a mask is made for the first path of a kind and kept until one takes it.
constexpr Masked kMasked[] = {{"asound", false, true},       {"kcore", false, false},
                              {"keys", false, false},        {"latency_stats", false, false},
                              {"sched_debug", false, false}, {"scsi", false, true},
                              {"timer_list", false, false},  {"timer_stats", false, false},
                              {"interrupts", false, false},  {"devices/virtual/powercap", true, true},
                              {"fs/selinux", true, true},    {"acpi", false, true},
                              {"firmware", true, true}};

/// Attaches on a path of /proc or /sys by the descriptor of that mount itself: it is ours, the kernel makes its names,
/// and a link at the end would not be followed.
long attach_at(int mount, int directory, const char* path) noexcept {
  return raw_syscall(__NR_move_mount, mount, as_argument(""), directory, as_argument(path), MOVE_MOUNT_F_EMPTY_PATH);
}

/// A missing path has nothing to protect; every other failure ends the start.
int open_present(Child& child, int directory, const char* path, Step step) noexcept {
  const int fd = kernel::open_at2(directory, path, O_PATH, kNoLinks);
  return fd == -ENOENT ? -1 : static_cast<int>(require(child, step, fd));
}

void make_read_only(Child& child, const char* path) noexcept {
  const int mount = kernel::open_tree_at(child.proc, path, OPEN_TREE_CLONE | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW);
  if (mount == -ENOENT) {
    return;
  }
  require(child, Step::ProtectPath, mount);
  require(child, Step::ProtectPath, kernel::set_mount_attributes(mount, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0));
  read_back_attributes(child, mount, MOUNT_ATTR_RDONLY);
  require(child, Step::ProtectPath, attach_at(mount, child.proc, path));
  (void)close_descriptor(mount);
}

int make_mask(Child& child, bool directory) noexcept {
  const char* source = directory ? kMaskDirectory : kMaskFile;
  return static_cast<int>(require(child, Step::MaskPath, kernel::open_tree_at(child.masks, source, OPEN_TREE_CLONE)));
}

/// By the kind that is there.
void mask(Child& child, int directory, const char* path) noexcept {
  const int target = open_present(child, directory, path, Step::MaskPath);
  if (target < 0) {
    return;
  }
  struct statx status {};
  require(child, Step::MaskPath,
          raw_syscall(__NR_statx, target, as_argument(""), AT_EMPTY_PATH, STATX_TYPE, as_argument(&status)));
  const unsigned kind = status.stx_mode & static_cast<unsigned>(S_IFMT);
  const int mount = make_mask(child, kind == S_IFDIR);
  require(child, Step::MaskPath, kernel::attach_mount(mount, target));
  (void)close_descriptor(mount);
  (void)close_descriptor(target);
}

/// The kernel mounts a directory on a directory and a file on a file, and nothing on a link, so it need not be asked
/// before what a path is. \param mount  a mask of that kind, or -1
void mask_known(Child& child, const Masked& masked, int& mount) noexcept {
  if (mount < 0) {
    mount = make_mask(child, masked.directory);
  }
  const int directory = masked.in_sys ? child.sys : child.proc;
  const long result = attach_at(mount, directory, masked.path);
  if (result >= 0) {
    (void)close_descriptor(mount);
    mount = -1;
  } else if (result == -EINVAL) {
    mask(child, directory, masked.path);
  } else if (result != -ENOENT) {
    require(child, Step::MaskPath, result);
  }
}

/// sys/devices/system/cpu/cpuN/thermal_throttle, for every N there is.
void mask_thermal_throttle(Child& child) noexcept {
  for (unsigned cpu = 0;; ++cpu) {
    char path[80] = "devices/system/cpu/cpu";
    size_t size = text_size(path);
    char digits[12];
    unsigned count = 0;
    for (unsigned value = cpu; count == 0 || value != 0; value /= 10) {
      digits[count++] = static_cast<char>('0' + value % 10);
    }
    while (count > 0) {
      path[size++] = digits[--count];
    }
    path[size] = '\0';
    const int present = open_present(child, child.sys, path, Step::MaskPath);
    if (present < 0) {
      return;
    }
    const int target = kernel::open_at2(present, "thermal_throttle", O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    (void)close_descriptor(present);
    if (target >= 0) {
      (void)close_descriptor(target);
      __builtin_memcpy(path + size, "/thermal_throttle", sizeof "/thermal_throttle");
      mask(child, child.sys, path);
    } else if (target != -ENOENT) {
      require(child, Step::MaskPath, target);
    }
  }
}

}  // namespace

void protect_paths(Child& child) noexcept {
  for (const char* path : kReadOnly) {
    make_read_only(child, path);
  }
  int file = -1;
  int directory = -1;
  for (const Masked& masked : kMasked) {
    mask_known(child, masked, masked.directory ? directory : file);
  }
  if (child.surroundings.thermal_throttle) {
    mask_thermal_throttle(child);
  }
}

void protect_root(Child& child) noexcept {
  if ((child.slot.request->flags & kReadOnlyRoot) != 0) {
    require(child, Step::ProtectRoot, kernel::set_mount_attributes(child.root, 0, MOUNT_ATTR_RDONLY, 0, 0));
    read_back_attributes(child, child.root, MOUNT_ATTR_RDONLY);
  }
}

void change_root(Child& child) noexcept {
  require(child, Step::ChangeRoot, raw_syscall(__NR_fchdir, child.root));
  require(child, Step::ChangeRoot, raw_syscall(__NR_chroot, as_argument(".")));
  read_back_root(child);
}

}  // namespace dunnage::launcher
