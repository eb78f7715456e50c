// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The calls on a source that whoever serves it is asked by, made where nobody has to be kept from waiting. In the
/// library kernel::TimedCalls takes its place. No C library, no allocation.

#include "kernel/calls.hpp"

#include <asm/unistd.h>
#include <linux/stat.h>
#include <stdint.h>
#include <sys/stat.h>

namespace dunnage::launcher {

/// Each member is 0 or a descriptor, or -errno.
struct DirectCalls {
  [[nodiscard]] static int open_at2(int directory, const char* path, uint64_t flags, uint64_t resolve) noexcept {
    return kernel::open_at2(directory, path, flags, resolve);
  }
  /// statx(2) with AT_EMPTY_PATH.
  [[nodiscard]] static int look(int fd, unsigned mask, struct statx& status) noexcept {
    return static_cast<int>(kernel::raw_syscall(__NR_statx, fd, kernel::as_argument(""), AT_EMPTY_PATH, mask,
                                                kernel::as_argument(&status)));
  }
  [[nodiscard]] static int make_directory(int parent, const char* name, uint32_t mode) noexcept {
    return static_cast<int>(kernel::raw_syscall(__NR_mkdirat, parent, kernel::as_argument(name), mode));
  }
  /// Of what was opened for reading.
  [[nodiscard]] static int set_mode(int fd, uint32_t mode) noexcept {
    return static_cast<int>(kernel::raw_syscall(__NR_fchmod, fd, mode));
  }
  /// fsconfig(2) with FSCONFIG_CMD_CREATE.
  [[nodiscard]] static int create_file_system(int context) noexcept { return kernel::create_file_system(context); }
};

}  // namespace dunnage::launcher
