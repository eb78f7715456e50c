// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What has the same path in another tree.

#include "launcher/program/entry.hpp"

namespace dunnage::launcher {

class Counterpart {
 public:
  Counterpart() = default;
  Counterpart(const Counterpart&) = delete;
  Counterpart& operator=(const Counterpart&) = delete;
  ~Counterpart() {
    if (fd >= 0) {
      (void)close_descriptor(fd);
    }
  }

  int fd = -1;           ///< O_PATH; -1: there is none
  bool covered = false;  ///< something is mounted there, or on the way
  struct statx status {};

  [[nodiscard]] bool there() const noexcept { return fd >= 0; }
  [[nodiscard]] bool is_directory() const noexcept { return there() && kind_of(status) == S_IFDIR; }

  /// 0 or -errno. The last component may be a link; one on the way there leads elsewhere, so that nothing is there.
  long look(int tree, const char* path) noexcept {
    fd = kernel::open_at2(tree, path, O_PATH | O_NOFOLLOW, kOneComponent | RESOLVE_NO_SYMLINKS);
    if (fd >= 0) {
      return status_of(fd, status);
    }
    covered = fd == -EXDEV;
    const bool absent = fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP || covered;
    const long result = absent ? 0 : fd;
    fd = -1;
    return result;
  }
};

}  // namespace dunnage::launcher
