// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An entry of a tree that work is done on.

#include "launcher/program/entry.hpp"

namespace dunnage::launcher {

/// How what was made there itself is opened.
inline constexpr uint64_t kAmendResolve = kOneComponent | RESOLVE_NO_SYMLINKS;

/// A descriptor that is closed in the end.
struct Held {
  int fd = -1;
  struct statx status {};

  explicit Held(int opened) noexcept : fd{opened} {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    if (fd >= 0) {
      (void)close_descriptor(fd);
    }
  }
  /// 0 or -errno
  long look() noexcept { return fd < 0 ? fd : status_of(fd, status); }
  [[nodiscard]] bool is_directory() const noexcept { return fd >= 0 && kind_of(status) == S_IFDIR; }
};

}  // namespace dunnage::launcher
