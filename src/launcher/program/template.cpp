// SPDX-License-Identifier: Apache-2.0
// A mount namespace that containers begin with: what they share of their mounts is in it, and each gets a copy of all
// of it at once.
//
//     /directory, /file  the masks, as in the namespace other containers begin with (park.hpp)
//     /root              the root file system with the mounts that lie in it, if containers share one
//     /mounts/N          a mount that has its place in something each container has of its own
//
// A container takes its mounts out of here; what is left are empty places, read-only, below its root.

#include "launcher/detach.hpp"
#include "launcher/program/child.hpp"
#include "launcher/program/park.hpp"
#include "launcher/program/transfer.hpp"

#include <linux/stat.h>

#include <initializer_list>

namespace dunnage::launcher {
namespace {

constexpr size_t kMostPlace = 4096 + sizeof(PlaceRecord);
constexpr char kRootPlace[] = "root";
constexpr char kMountPlaces[] = "mounts";

/// "mounts/N" for the mount with that number.
struct MountPlace {
  char path[sizeof kMountPlaces + 24];

  explicit MountPlace(int32_t number) noexcept {
    char digits[24];
    const char* text = write_number(static_cast<uint64_t>(number), 10, digits);
    __builtin_memcpy(path, kMountPlaces, sizeof kMountPlaces - 1);
    path[sizeof kMountPlaces - 1] = '/';
    __builtin_memcpy(path + sizeof kMountPlaces, text, text_size(text) + 1);
  }
};

/// In place of what containers begin with otherwise.
void make_places(Child& child) noexcept {
  const int base = static_cast<int>(require(child, Step::HoldMount, make_masks()));
  for (const char* name : {kRootPlace, kMountPlaces}) {
    require(child, Step::HoldMount, make_directory_at(base, name, 0555));
  }
  const MountRecord* mounts = mounts_of(child.slot);
  for (uint32_t index = 0; index < child.slot.request->mounts.count; ++index) {
    if ((mounts[index].flags & kMountShared) != 0) {
      const MountPlace place{mounts[index].descriptor};
      const bool file = (mounts[index].flags & kMountFile) != 0;
      require(child, Step::HoldMount,
              file ? raw_syscall(__NR_mknodat, base, as_argument(place.path), S_IFREG | 0444, 0)
                   : make_directory_at(base, place.path, 0555),
              mounts[index].plan_index);
    }
  }
  require(child, Step::HoldMount, kernel::set_mount_attributes(base, 0, MOUNT_ATTR_RDONLY, 0, 0));
  require(child, Step::HoldMount, kernel::attach_mount(base, child.masks));
  (void)close_descriptor(child.masks);
  child.masks = base;
}

/// The mounts that are kept beside the root, numbered as their descriptors are.
void keep_mounts(Child& child) noexcept {
  const MountRecord* mounts = mounts_of(child.slot);
  for (uint32_t index = 0; index < child.slot.request->mounts.count; ++index) {
    if ((mounts[index].flags & kMountShared) != 0) {
      const MountPlace place{mounts[index].descriptor};
      const int mount = descriptor_of(child.slot, mounts[index].descriptor);
      require(child, Step::HoldMount,
              raw_syscall(__NR_move_mount, mount, as_argument(""), child.masks, as_argument(place.path),
                          MOVE_MOUNT_F_EMPTY_PATH),
              mounts[index].plan_index);
    }
  }
}

void attach_shared_root(Child& child) noexcept {
  child.root = descriptor_of(child.slot, child.slot.request->rootfs);
  const int target = open_shared_root(child);
  require(child, Step::AttachRootfs, kernel::attach_mount(child.root, target));
  (void)close_descriptor(target);
}

/// A container's own /proc, /sys and /dev, as far as mounts are kept out of them.
void attach_own_places(Child& child) noexcept {
  attach_system_mounts(child);
  DetachRequest request;
  request.size = 1U << 20U;
  request.mode = 0555;
  request.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  const DetachResult made = detach_tmpfs(request);
  child.own_dev =
      static_cast<int>(require(child, Step::MountDev, made.failure.error != 0 ? -made.failure.error : made.fd));
  const int target = open_own_directory(child, child.root, "dev", Step::MountDev);
  require(child, Step::MountDev, kernel::attach_mount(child.own_dev, target));
  (void)close_descriptor(target);
}

void detach_own_places(Child& child) noexcept {
  constexpr long kDetachNoFollow = 2 | 8;  // MNT_DETACH | UMOUNT_NOFOLLOW
  require(child, Step::CloneTree, raw_syscall(__NR_fchdir, child.root));
  for (const char* name : {"dev", "sys", "proc"}) {
    require(child, Step::CloneTree, raw_syscall(__NR_umount2, as_argument(name), kDetachNoFollow));
  }
}

/// Whether what is found at the place is the mount that was put there.
bool is_there(const PlaceRecord& place, const char* path) noexcept {
  struct statx status {};
  // nobody is asked who could let us wait: what was mounted is known
  const long result = raw_syscall(__NR_statx, AT_FDCWD, as_argument(path), AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
                                  STATX_INO, as_argument(&status));
  return result >= 0 && (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0 && status.stx_ino == place.inode &&
         (uint64_t{status.stx_dev_major} << 32U | status.stx_dev_minor) == place.device;
}

}  // namespace

void make_template(Child& child) noexcept {
  const int proc =
      static_cast<int>(require(child, Step::EnterMountNamespace, open_at(AT_FDCWD, kParkedProc, O_PATH | O_DIRECTORY)));
  const bool with_root = child.slot.request->rootfs >= 0;
  if (with_root) {
    make_system_mounts(child);
  }
  enter_mount_namespace(child);
  make_places(child);
  keep_mounts(child);
  if (with_root) {
    attach_shared_root(child);
    change_root(child);
    attach_own_places(child);
    attach_mounts(child, MountOrigin::Plan);
    detach_own_places(child);
  }
  const int made = static_cast<int>(require(child, Step::CloneTree, open_at(proc, "self/ns/mnt", O_RDONLY)));
  Message message;
  message.kind = MessageKind::Answer;
  require(child, Step::CloneTree, send_message(child.slot.child_status, &message, sizeof message, made));
  exit_process(0);
}

int open_shared(Child& child, const MountRecord& record) noexcept {
  const MountPlace place{record.descriptor};
  return static_cast<int>(
      require(child, Step::AttachMount, open_at(child.masks, place.path, O_PATH), record.plan_index));
}

int open_shared_root(Child& child) noexcept {
  return static_cast<int>(require(child, Step::AttachRootfs, open_at(child.masks, kRootPlace, O_PATH | O_DIRECTORY)));
}

void check_places(Child& child) noexcept {
  const int file = descriptor_of(child.slot, child.slot.request->places);
  if (file < 0) {
    return;
  }
  alignas(8) char buffer[4 * kMostPlace];
  size_t kept = 0;
  for (uint64_t offset = 0;;) {
    const long size = require(child, Step::FindMount,
                              raw_syscall(__NR_pread64, file, as_argument(buffer + kept),
                                          static_cast<long>(sizeof buffer - kept), static_cast<long>(offset)));
    offset += static_cast<uint64_t>(size);
    const size_t end = kept + static_cast<size_t>(size);
    size_t position = 0;
    while (end - position >= sizeof(PlaceRecord)) {
      const auto& place = *reinterpret_cast<const PlaceRecord*>(buffer + position);
      if (end - position - sizeof place < place.path_size) {
        break;
      }
      if (!is_there(place, buffer + position + sizeof place)) {
        fail(child, Step::FindMount, ESTALE, place.plan_index);
      }
      position += sizeof place + place.path_size;
    }
    if (size == 0) {
      return;
    }
    kept = end - position;
    __builtin_memmove(buffer, buffer + position, kept);
  }
}

}  // namespace dunnage::launcher
