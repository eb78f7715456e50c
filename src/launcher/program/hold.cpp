// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/hold.hpp"

#include "launcher/detach.hpp"
#include "launcher/program/park.hpp"

namespace dunnage::launcher {
namespace {

constexpr uint32_t kDirectoryOnly = UINT32_MAX;

struct HeldPath {
  char text[64];
};

/// "/held/<slot>" or "/held/<slot>/<index>"
HeldPath path_of(const Slot& slot, uint32_t index) noexcept {
  HeldPath path{};
  size_t size = sizeof kParkedHeld - 1;
  __builtin_memcpy(path.text, kParkedHeld, size);
  const uint32_t parts[] = {slot.index, index};
  for (const uint32_t part : parts) {
    if (part == kDirectoryOnly) {
      break;
    }
    char digits[24];
    const char* number = write_number(part, 10, digits);
    path.text[size++] = '/';
    __builtin_memcpy(path.text + size, number, text_size(number) + 1);
    size += text_size(number);
  }
  return path;
}

void release_one(const Slot& slot, uint32_t index) noexcept {
  constexpr long kDetachNoFollow = 2 | 8;  // MNT_DETACH | UMOUNT_NOFOLLOW
  const HeldPath path = path_of(slot, index);
  (void)raw_syscall(__NR_umount2, as_argument(path.text), kDetachNoFollow);
  if (raw_syscall(__NR_unlinkat, AT_FDCWD, as_argument(path.text), AT_REMOVEDIR) == -ENOTDIR) {
    (void)raw_syscall(__NR_unlinkat, AT_FDCWD, as_argument(path.text), 0);
  }
}

long hold_one(const Slot& slot, uint32_t index, int mount, bool file) noexcept {
  const HeldPath path = path_of(slot, index);
  const long made = file ? raw_syscall(__NR_mknodat, AT_FDCWD, as_argument(path.text), S_IFREG | 0600, 0)
                         : make_directory_at(AT_FDCWD, path.text, 0700);
  if (made < 0) {
    return made;
  }
  const long held =
      raw_syscall(__NR_move_mount, mount, as_argument(""), AT_FDCWD, as_argument(path.text), MOVE_MOUNT_F_EMPTY_PATH);
  if (held < 0) {  // as of a file that has been removed: the number is free again
    release_one(slot, index);
  }
  return held;
}

DetachResult clone_one(const Slot& slot, uint32_t index) noexcept {
  DetachResult result;
  result.fd = kernel::open_tree_at(AT_FDCWD, path_of(slot, index).text, OPEN_TREE_CLONE | AT_RECURSIVE);
  return result.fd < 0 ? detach_failure(Step::CloneMount, -result.fd) : result;
}

/// A tmpfs is made anew for each start; of all else there are clones.
DetachResult make_tmpfs(const MountRecord& record) noexcept {
  DetachRequest request;
  request.size = record.size;
  request.mode = record.mode;
  request.uid = record.uid;
  request.gid = record.gid;
  request.attributes = record.attributes;
  request.inodes = record.inodes;
  request.no_swap = (record.flags & kMountNoSwap) != 0 ? 1 : 0;
  DetachResult result = detach_tmpfs(request);
  if (result.failure.error != 0) {
    result.failure.step = Step::CreateTmpfs;
  }
  return result;
}

uint32_t number_of(const Slot& container, const AddedMount& added) noexcept {
  return container.request->mounts.count + 1 + added.held;
}

Failure clone_added(Slot& slot) noexcept {
  Failure failure;
  for (AddedMount* added = slot.added; failure.error == 0 && added != nullptr; added = added->next) {
    if (added->attached) {
      const DetachResult made = added->is_held ? clone_one(slot, number_of(slot, *added)) : make_tmpfs(added->record);
      failure = made.failure;
      close_and_clear(added->mount);
      added->mount = failure.error == 0 ? made.fd : -1;
    }
  }
  return failure;
}

/// Puts what was made in the place of the descriptor with that index of the request.
Failure replace(Slot& slot, int32_t index, const DetachResult& made) noexcept {
  if (made.failure.error != 0) {
    return made.failure;
  }
  if (index < 0 || static_cast<uint32_t>(index) >= slot.descriptor_count) {
    (void)close_descriptor(made.fd);
    return detach_failure(Step::ReceiveRequest, EBADMSG).failure;
  }
  close_and_clear(slot.descriptors[index]);  // its mount was moved to where it is held, or into an earlier start
  slot.descriptors[index] = made.fd;
  return {};
}

}  // namespace

Failure hold_mounts(Slot& slot) noexcept {
  Failure failure;
  const LaunchPayload& request = *slot.request;
  MountRecord* mounts = mounts_of(slot);
  slot.mounts_held = true;
  long result = make_directory_at(AT_FDCWD, path_of(slot, kDirectoryOnly).text, 0700);
  for (uint32_t index = 0; result >= 0 && index < request.mounts.count; ++index) {
    mounts[index].id = 0;  // what starts attach are clones
    if ((mounts[index].flags & (kMountTmpfs | kMountShared)) == 0) {
      failure.mount = mounts[index].plan_index;
      result =
          hold_one(slot, index, descriptor_of(slot, mounts[index].descriptor), (mounts[index].flags & kMountFile) != 0);
    }
  }
  if (result >= 0 && request.rootfs >= 0) {
    failure.mount = -1;
    result = hold_one(slot, request.mounts.count, descriptor_of(slot, request.rootfs), false);
  }
  if (result < 0) {
    failure.step = Step::HoldMount;
    failure.error = static_cast<int32_t>(-result);
    release_held(slot);
  }
  return failure;
}

Failure clone_held(Slot& slot) noexcept {
  Failure failure;
  const LaunchPayload& request = *slot.request;
  const MountRecord* mounts = mounts_of(slot);
  for (uint32_t index = 0; failure.error == 0 && index < request.mounts.count; ++index) {
    if ((mounts[index].flags & (kMountShared | kMountDetached)) != 0) {
      continue;  // every start finds it in the namespace it begins with, or none does
    }
    failure = replace(slot, mounts[index].descriptor,
                      (mounts[index].flags & kMountTmpfs) != 0 ? make_tmpfs(mounts[index]) : clone_one(slot, index));
    failure.mount = mounts[index].plan_index;
  }
  failure = failure.error != 0 ? failure : clone_added(slot);
  const bool whole = failure.error != 0 || request.rootfs < 0;
  return whole ? failure : replace(slot, request.rootfs, clone_one(slot, request.mounts.count));
}

void release_held(Slot& slot) noexcept {
  if (!slot.mounts_held) {
    return;
  }
  slot.mounts_held = false;
  for (uint32_t index = 0; index <= slot.request->mounts.count + slot.held_later; ++index) {
    release_one(slot, index);
  }
  (void)raw_syscall(__NR_unlinkat, AT_FDCWD, as_argument(path_of(slot, kDirectoryOnly).text), AT_REMOVEDIR);
}

Failure hold_later(Slot& container, AddedMount& added, int& mount) noexcept {
  const bool file = (added.record.flags & kMountFile) != 0;
  Failure failure;
  failure.step = Step::HoldMount;
  if ((added.record.flags & kMountTmpfs) != 0) {
    return {};
  }
  uint32_t number = 0;  // the lowest that is free: mounts may come and go as often as they like
  long result = -EEXIST;
  for (; result == -EEXIST && number <= container.held_later; ++number) {
    added.held = number;
    result = hold_one(container, number_of(container, added), mount, file);
  }
  if (result >= 0) {
    container.held_later = number > container.held_later ? number : container.held_later;
    added.is_held = true;
    const DetachResult clone = clone_one(container, number_of(container, added));
    close_and_clear(mount);
    mount = clone.fd;
    return clone.failure;
  }
  failure.error = static_cast<int32_t>(-result);
  return failure;
}

void release_held_one(const Slot& container, AddedMount& added) noexcept {
  if (added.is_held) {
    added.is_held = false;
    release_one(container, number_of(container, added));
  }
}

void release_held_launched(const Slot& container, uint32_t index) noexcept {
  if (container.mounts_held) {
    release_one(container, index);
  }
}

}  // namespace dunnage::launcher
