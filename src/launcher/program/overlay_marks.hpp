// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How the upper directory of an overlay says what it hides (overlayfs in the kernel's documentation).

#include "launcher/program/entry.hpp"

namespace dunnage::launcher {

/// A device with the number 0.
inline bool is_whiteout(const struct statx& status) noexcept {
  return kind_of(status) == S_IFCHR && status.stx_rdev_major == 0 && status.stx_rdev_minor == 0;
}

/// The names of the marks. Without privilege they have to be attributes of the user.
struct OverlayMarks {
  bool of_user = false;

  [[nodiscard]] const char* opaque() const noexcept {
    return of_user ? "user.overlay.opaque" : "trusted.overlay.opaque";
  }
  [[nodiscard]] const char* origin() const noexcept {
    return of_user ? "user.overlay.origin" : "trusted.overlay.origin";
  }
  [[nodiscard]] const char* whiteout() const noexcept {
    return of_user ? "user.overlay.whiteout" : "trusted.overlay.whiteout";
  }

  /// Of a directory. \param fd  O_PATH will do
  [[nodiscard]] bool is_opaque(int fd) const noexcept {
    char value[2] = {};
    return get_attribute(fd, opaque(), value, sizeof value) == 1 && value[0] == 'y';
  }
  /// In either form: the other one is an empty file with an attribute.
  [[nodiscard]] bool is_hiding(int fd, const struct statx& status) const noexcept {
    char value[2] = {};
    return is_whiteout(status) || (kind_of(status) == S_IFREG && status.stx_size == 0 &&
                                   get_attribute(fd, whiteout(), value, sizeof value) >= 0);
  }
};

}  // namespace dunnage::launcher
