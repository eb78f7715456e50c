// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Hiding what lies in a detached mount: something empty goes over it while the mount is still nowhere, on the very
/// inode that was found. Kernel: Linux 6.15.

#include "launcher/detach.hpp"

namespace dunnage::launcher {

/// Empty and read-only mounts to take copies of. Owns its descriptors.
struct Masks {
  int directory = -1;
  int file = -1;

  void close_all() noexcept {
    int* const all[] = {&directory, &file};
    for (int* fd : all) {
      if (*fd >= 0) {
        (void)kernel::close_descriptor(*fd);
      }
      *fd = -1;
    }
  }
};

constexpr uint64_t kMaskAttributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

inline int clone_read_only(int directory, const char* name) noexcept {
  int mount = kernel::open_tree_at(directory, name, OPEN_TREE_CLONE);
  if (mount >= 0) {
    const int answer = kernel::set_seen_attributes(mount, 0, kMaskAttributes, kPrivate);
    if (answer < 0) {
      (void)kernel::close_descriptor(mount);
      mount = answer;
    }
  }
  return mount;
}

inline Failure make_masks(Masks& masks) noexcept {
  constexpr uint64_t kPage = 4096;
  DetachRequest request;
  request.size = kPage;
  request.inodes = 8;
  request.mode = 0755;
  const DetachResult memory = detach_tmpfs(request);
  if (memory.failure.error != 0) {
    return memory.failure;
  }
  long answer = kernel::raw_syscall(__NR_mkdirat, memory.fd, kernel::as_argument("directory"), 0555);
  answer = answer < 0 ? answer
                      : kernel::raw_syscall(__NR_mknodat, memory.fd, kernel::as_argument("file"), S_IFREG | 0444, 0);
  if (answer >= 0) {
    masks.directory = clone_read_only(memory.fd, "directory");
    masks.file = clone_read_only(memory.fd, "file");
    answer = masks.directory < 0 ? masks.directory : masks.file < 0 ? masks.file : 0;
  }
  (void)kernel::close_descriptor(memory.fd);
  return answer < 0 ? failure_of(Step::MaskBelow, answer) : Failure{};
}

/// Covers what `target` (O_PATH, in a detached mount) holds.
inline Failure mask_one(const Masks& masks, int target) noexcept {
  struct statx status {};
  long answer = kernel::raw_syscall(__NR_statx, target, kernel::as_argument(""), AT_EMPTY_PATH, STATX_TYPE,
                                    kernel::as_argument(&status));
  if (answer >= 0) {
    const int source = (status.stx_mode & S_IFMT) == S_IFDIR ? masks.directory : masks.file;
    const int mount = kernel::open_tree_at(source, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
    answer = mount < 0 ? mount : kernel::attach_mount(mount, target);
    if (mount >= 0) {
      (void)kernel::close_descriptor(mount);
    }
  }
  return answer < 0 ? failure_of(Step::MaskBelow, answer) : Failure{};
}

inline Failure mask_all(const int* targets, uint32_t count) noexcept {
  Masks masks;
  Failure failure = make_masks(masks);
  for (uint32_t index = 0; failure.error == 0 && index < count; ++index) {
    failure = mask_one(masks, targets[index]);
  }
  masks.close_all();
  return failure;
}

}  // namespace dunnage::launcher
