// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The system calls both the library and the launcher program use, typed, without the C library. A negative result is
/// -errno. Nothing here allocates, locks or retries.

#include "kernel/raw_syscall.hpp"

#include <asm/unistd.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdint.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x00000200
#endif
#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_add_rule 445
#define __NR_landlock_restrict_self 446
#endif
#ifndef __NR_statmount
#define __NR_statmount 457
#define __NR_listmount 458
#endif
#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif

namespace dunnage::kernel {

inline long as_argument(const void* pointer) noexcept { return reinterpret_cast<long>(pointer); }

inline int close_descriptor(int fd) noexcept { return static_cast<int>(raw_syscall(__NR_close, fd)); }

inline int open_at2(int directory, const char* path, uint64_t flags, uint64_t resolve, uint64_t mode = 0) noexcept {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.mode = mode;
  how.resolve = resolve;
  long result = 0;
  int tries = 0;
  do {  // a concurrent rename or mount anywhere makes openat2 answer EAGAIN (openat2(2)); bounded, then it is an error
    result = raw_syscall(__NR_openat2, directory, as_argument(path), as_argument(&how), sizeof how);
  } while (result == -11 && ++tries < 128);
  return static_cast<int>(result);
}

inline int open_tree_at(int directory, const char* path, unsigned flags) noexcept {
  return static_cast<int>(raw_syscall(__NR_open_tree, directory, as_argument(path), flags | OPEN_TREE_CLOEXEC));
}

/// Attaches the detached mount `mount` on the inode `target` holds.
inline int attach_mount(int mount, int target) noexcept {
  return static_cast<int>(raw_syscall(__NR_move_mount, mount, as_argument(""), target, as_argument(""),
                                      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

/// Asks for what there are no descriptors for: the kernel looks at the flags first, and says EINVAL to those it does
/// not know. EPERM: who may mount has to ask.
inline long ask_for_move_beneath() noexcept {
  return raw_syscall(__NR_move_mount, -1, as_argument(""), -1, as_argument(""),
                     MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH | MOVE_MOUNT_BENEATH);
}

inline int set_mount_attributes(int mount, unsigned flags, uint64_t set, uint64_t clear,
                                uint64_t propagation) noexcept {
  mount_attr attributes{};
  attributes.attr_set = set;
  attributes.attr_clr = clear;
  attributes.propagation = propagation;
  return static_cast<int>(raw_syscall(__NR_mount_setattr, mount, as_argument(""), flags | AT_EMPTY_PATH,
                                      as_argument(&attributes), sizeof attributes));
}

/// open_tree_at() and set_mount_attributes() in one, of the whole tree with AT_RECURSIVE. Linux 6.15.
inline int open_tree_with_attributes(int directory, const char* path, unsigned flags, uint64_t set,
                                     uint64_t propagation) noexcept {
  mount_attr attributes{};
  attributes.attr_set = set;
  attributes.propagation = propagation;
  return static_cast<int>(raw_syscall(__NR_open_tree_attr, directory, as_argument(path), flags | OPEN_TREE_CLOEXEC,
                                      as_argument(&attributes), sizeof attributes));
}

/// Shows the files of `mount`, and of all below it with AT_RECURSIVE, by the ids of a user namespace.
inline int map_mount_ids(int mount, unsigned flags, int user_namespace) noexcept {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<uint64_t>(user_namespace);
  return static_cast<int>(raw_syscall(__NR_mount_setattr, mount, as_argument(""), flags | AT_EMPTY_PATH,
                                      as_argument(&attributes), sizeof attributes));
}

inline int open_file_system(const char* type) noexcept {
  return static_cast<int>(raw_syscall(__NR_fsopen, as_argument(type), FSOPEN_CLOEXEC));
}

inline int configure_string(int context, const char* key, const char* value) noexcept {
  return static_cast<int>(
      raw_syscall(__NR_fsconfig, context, FSCONFIG_SET_STRING, as_argument(key), as_argument(value), 0));
}

inline int configure_flag(int context, const char* key) noexcept {
  return static_cast<int>(raw_syscall(__NR_fsconfig, context, FSCONFIG_SET_FLAG, as_argument(key), 0, 0));
}

inline int configure_descriptor(int context, const char* key, int fd) noexcept {
  return static_cast<int>(raw_syscall(__NR_fsconfig, context, FSCONFIG_SET_FD, as_argument(key), 0, fd));
}

inline int create_file_system(int context) noexcept {
  return static_cast<int>(raw_syscall(__NR_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0));
}

inline int mount_file_system(int context, uint64_t attributes) noexcept {
  return static_cast<int>(raw_syscall(__NR_fsmount, context, FSMOUNT_CLOEXEC, static_cast<long>(attributes)));
}

}  // namespace dunnage::kernel
