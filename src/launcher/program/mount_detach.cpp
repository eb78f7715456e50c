// SPDX-License-Identifier: Apache-2.0
// The child's half of a change: taking a mount off, or putting another one in its place, in the mount namespace of a
// container that may do what it likes there meanwhile.

#include "launcher/program/mount_change.hpp"
#include "launcher/program/mount_holders.hpp"
#include "launcher/program/mount_number.hpp"
#include "launcher/program/own_path.hpp"

#include <linux/stat.h>

namespace dunnage::launcher {
namespace {

constexpr uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
constexpr uint64_t kNoLinks = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
constexpr long kDetachUnmount = 2;  // MNT_DETACH
constexpr long kNoFollow = 8;       // UMOUNT_NOFOLLOW
constexpr int kTries = 64;          ///< somebody in the container may put another mount over it as often as we try

struct Seen {
  uint64_t mount = 0;
  bool is_root = false;  ///< of its mount
  bool is_directory = false;
};

Seen look_at(Child& child, int fd) noexcept {
  struct statx status {};
  require(child, Step::FindMount,
          raw_syscall(__NR_statx, fd, as_argument(""), AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_MNT_ID,
                      as_argument(&status)),
          0);
  return {status.stx_mnt_id, (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0, S_ISDIR(status.stx_mode)};
}
/// Takes off what a descriptor holds; whatever lies on top of it goes first.
long unmount_descriptor(Child& child, int fd) noexcept {
  const long entered = raw_syscall(__NR_fchdir, child.proc);
  return entered < 0 ? entered : raw_syscall(__NR_umount2, as_argument(OwnPath{fd}.text), kDetachUnmount);
}

/// Between seeing where it is and going there, when that was too late before. Reading its path stops whoever renames
/// without a pause for an instant, and so lets both begin in step: at a fixed distance it would be too late each time.
void fall_out_of_step(int tried) noexcept {
  const timespec moment{0, 1'000 + 37'000 * tried % 97'000};
  (void)raw_syscall(__NR_nanosleep, as_argument(&moment), 0);
}

/// A mount of the container that is to go, and where it is now: a directory on the way may have another name by now.
struct Located {
  int fd = -1;  ///< its top; -1: it is in the container no more
  bool is_directory = false;
  MountLine line;
};

/// Whether the mount is what this path leads to.
bool take_found(Child& child, const char* path, uint64_t resolve, uint64_t id, Located& found) noexcept {
  const int fd = kernel::open_at2(child.root, path, O_PATH, resolve);
  if (fd < 0) {
    return false;
  }
  const Seen seen = look_at(child, fd);
  if (seen.is_root && (id == 0 || seen.mount == id)) {
    found.fd = fd;
    found.is_directory = seen.is_directory;
    found.line.id = seen.mount;
    return true;
  }
  (void)close_descriptor(fd);
  return false;
}

void locate(Child& child, Located& found) noexcept {
  const uint64_t id = child.slot.expected_mount;
  const char* path = text_of(child.slot, mounts_of(child.slot)->target);
  if (take_found(child, path, kInRoot, id, found)) {
    return;
  }
  if (id == 0) {
    fail(child, Step::FindMount, ENOENT, 0);
  }
  for (int tried = 0; tried < kTries; ++tried) {  // it is elsewhere by now, or under something else
    if (require(child, Step::FindMount, find_mount_line(child.proc, id, found.line), 0) == 0) {
      return;
    }
    if (tried > 0) {
      fall_out_of_step(tried);
    }
    if (take_found(child, found.line.target, kNoLinks, id, found)) {
      return;
    }
  }
  fail(child, Step::HiddenMount, EBUSY, 0);
}

void detach_lazily(Child& child, const Located& found) noexcept {
  if (!unmount_wholly(child, found.fd, found.line.id)) {
    fail(child, Step::HiddenMount, EBUSY, 0);
  }
}

/// By the name in the directory it lies in, as a descriptor of the mount itself would be one that uses it. The kernel
/// looks whether anybody does.
long unmount_unused(Child& child, const Located& found) noexcept {
  char parent[kMostMountPath];
  size_t size = text_size(found.line.target);
  __builtin_memcpy(parent, found.line.target, size + 1);
  while (size > 0 && parent[size - 1] != '/') {
    --size;
  }
  const char* name = found.line.target + size;
  parent[size] = '\0';  // with the slash at its end
  const int directory = kernel::open_at2(child.root, parent, O_PATH | O_DIRECTORY, kNoLinks);
  struct statx status {};
  long result = directory < 0 ? directory
                              : raw_syscall(__NR_statx, directory, as_argument(name),
                                            AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_MNT_ID,
                                            as_argument(&status));
  result = result >= 0 && status.stx_mnt_id != found.line.id ? -EAGAIN : result;
  result = result < 0 ? result : raw_syscall(__NR_fchdir, directory);
  result = result < 0 ? result : raw_syscall(__NR_umount2, as_argument(name), kNoFollow);
  if (directory >= 0) {
    (void)close_descriptor(directory);
  }
  return result;
}

/// The kernel says that somebody uses it. Who does so is told; where it is nobody that can be seen, it is somebody who
/// looks it up just now, or a process that made it, or is made, or has ended, and lets go of it in a moment.
void require_unused(Child& child, const MountTree& tree, int& waited) noexcept {
  constexpr int kMostMoments = 500;
  (void)raw_syscall(__NR_chdir, as_argument("/"));
  const bool last = ++waited > kMostMoments;
  if (tell_holders(child.proc, tree, child.slot.channel, last ? Holders::All : Holders::ButOwn) > 0 || last) {
    fail(child, Step::DetachMount, EBUSY, 0);
  }
  const timespec moment{0, 2'000'000};
  (void)raw_syscall(__NR_nanosleep, as_argument(&moment), 0);
}

void detach_unused(Child& child, Located& found) noexcept {
  MountTree tree;
  const uint64_t number = mount_number(found.fd);
  if (find_lone_mount(number, tree.target) == 1) {
    tree.ids[tree.count++] = found.line.id;
  } else if (require(child, Step::FindMount, read_mount_tree(child.proc, found.line.id, tree), 0) == 0) {
    return;
  }
  __builtin_memcpy(found.line.target, tree.target, sizeof found.line.target);
  if (tree.count > 1) {  // the kernel takes a tree only lazily: whether anybody uses a part of it is looked at here
    if (tell_holders(child.proc, tree, child.slot.channel, Holders::ButOwn) > 0) {
      fail(child, Step::DetachMount, EBUSY, 0);
    }
    detach_lazily(child, found);
    return;
  }
  (void)close_descriptor(found.fd);
  int waited = 0;
  for (int tried = 0; tried < kTries;) {
    if (unmount_unused(child, found) == -EBUSY) {
      require_unused(child, tree, waited);
      continue;
    }
    ++tried;
    if (is_mounted(number) == 0 || find_mount_line(child.proc, tree.ids[0], found.line) == 0) {
      return;
    }
    fall_out_of_step(tried);
  }
  fail(child, Step::HiddenMount, EBUSY, 0);
}

}  // namespace

/// Until the mount is nowhere. \return whether it is
bool unmount_wholly(Child& child, int fd, uint64_t id) noexcept {
  const uint64_t number = mount_number(fd);
  MountLine line;
  for (int tried = 0; tried < kTries; ++tried) {
    (void)unmount_descriptor(child, fd);
    const int mounted = is_mounted(number);
    if (mounted == 0 || (mounted < 0 && find_mount_line(child.proc, id, line) == 0)) {
      return true;
    }
  }
  return false;
}

void detach_mount(Child& child, bool lazily) noexcept {
  Located found;
  locate(child, found);
  commit(child);
  if (found.fd < 0) {
    return;  // the container itself has taken it off: what is left to do is to say so
  }
  if (lazily) {
    detach_lazily(child, found);
  } else {
    detach_unused(child, found);
  }
}

/// The new mount goes under the old one, which is taken off then: whoever looks sees the one or the other.
void replace_mount(Child& child) noexcept {
  if (kernel::ask_for_move_beneath() == -EINVAL) {
    fail(child, Step::KnowBeneath, EOPNOTSUPP, 0);
  }
  MountRecord& record = *mounts_of(child.slot);
  Located found;
  locate(child, found);
  if (found.fd < 0) {
    fail(child, Step::FindMount, ENOENT, 0);
  }
  const bool file = (record.flags & kMountFile) != 0;
  if (found.is_directory == file) {
    fail(child, Step::KindOfTarget, file ? EISDIR : ENOTDIR, 0);
  }
  const int mount = descriptor_of(child.slot, record.descriptor);
  record.attached = look_at(child, mount).mount;
  commit(child);
  require(child, Step::AttachBeneath,
          raw_syscall(__NR_move_mount, mount, as_argument(""), found.fd, as_argument(""),
                      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH | MOVE_MOUNT_BENEATH),
          0);
  detach_lazily(child, found);
}

int open_mounted(Child& child) noexcept {
  Located found;
  locate(child, found);
  return found.fd;
}

void tell_all_holders(Child& child) noexcept {
  Located found;
  locate(child, found);
  MountTree tree;
  if (found.fd >= 0 && require(child, Step::FindMount, read_mount_tree(child.proc, found.line.id, tree), 0) > 0) {
    (void)close_descriptor(found.fd);
    (void)tell_holders(child.proc, tree, child.slot.channel, Holders::All);
  }
}

}  // namespace dunnage::launcher
