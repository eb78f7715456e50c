// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What can be set of an inode that a descriptor holds, also one made with O_PATH, whatever its name leads to by now.
/// Nothing here follows a link. Results are 0 or -errno.

#include "kernel/descriptor_path.hpp"
#include "launcher/program/system.hpp"

#include <linux/stat.h>

namespace dunnage::launcher {

inline constexpr uint64_t kOneComponent = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;

using kernel::DescriptorPath;

inline long status_of(int fd, struct statx& status) noexcept {
  return raw_syscall(__NR_statx, fd, as_argument(""), AT_EMPTY_PATH, STATX_BASIC_STATS, as_argument(&status));
}

/// Which file system an entry lies on.
inline uint64_t device_of(const struct statx& status) noexcept {
  return uint64_t{status.stx_dev_major} << 32U | status.stx_dev_minor;
}

inline unsigned kind_of(const struct statx& status) noexcept { return status.stx_mode & S_IFMT; }

inline long set_owner(int fd, uint32_t uid, uint32_t gid) noexcept {
  return raw_syscall(__NR_fchownat, fd, as_argument(""), uid, gid, AT_EMPTY_PATH);
}

/// Not for symbolic links. fchmodat2(2), which takes O_PATH, is newer than what this library asks of a kernel.
inline long set_mode(int fd, uint32_t mode) noexcept {
  const long result = raw_syscall(__NR_fchmod, fd, mode);
  return result == -EBADF ? raw_syscall(__NR_fchmodat, AT_FDCWD, as_argument(DescriptorPath{fd}.text), mode) : result;
}

inline long set_attribute(int fd, const char* name, const void* value, size_t size) noexcept {
  const auto bytes = static_cast<long>(size);
  const long result = raw_syscall(__NR_fsetxattr, fd, as_argument(name), as_argument(value), bytes, 0);
  return result == -EBADF ? raw_syscall(__NR_setxattr, as_argument(DescriptorPath{fd}.text), as_argument(name),
                                        as_argument(value), bytes, 0)
                          : result;
}

inline long list_attributes(int fd, char* names, size_t size) noexcept {
  const auto bytes = static_cast<long>(size);
  const long result = raw_syscall(__NR_flistxattr, fd, as_argument(names), bytes);
  return result == -EBADF ? raw_syscall(__NR_listxattr, as_argument(DescriptorPath{fd}.text), as_argument(names), bytes)
                          : result;
}

inline long get_attribute(int fd, const char* name, void* value, size_t size) noexcept {
  const auto bytes = static_cast<long>(size);
  const long result = raw_syscall(__NR_fgetxattr, fd, as_argument(name), as_argument(value), bytes);
  return result == -EBADF ? raw_syscall(__NR_getxattr, as_argument(DescriptorPath{fd}.text), as_argument(name),
                                        as_argument(value), bytes)
                          : result;
}

/// Of a descriptor that is not O_PATH. What is not there is as good as removed.
inline long remove_attribute(int fd, const char* name) noexcept {
  const long result = raw_syscall(__NR_fremovexattr, fd, as_argument(name));
  return result == -ENODATA || result == -EOPNOTSUPP ? 0 : result;
}

inline long set_times(int fd, const timespec& access, const timespec& modification) noexcept {
  const timespec times[2] = {access, modification};
  return raw_syscall(__NR_utimensat, fd, as_argument(""), as_argument(times), AT_EMPTY_PATH);
}

}  // namespace dunnage::launcher
