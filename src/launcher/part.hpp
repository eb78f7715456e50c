// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A part of a mount that is nowhere, as a mount of its own. No C library, no allocation. Kernel: Linux 6.15; before
/// it, nothing can be cloned of what is nowhere.

#include "kernel/calls.hpp"
#include "launcher/detach_result.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>

namespace dunnage::launcher {

/// With the attributes of `mount`. Links mean places in it, whatever they name: nothing leads out of it.
/// \param path relative to its root
inline DetachResult detach_part(int mount, const char* path) noexcept {
  DetachResult result;
  const int part = kernel::open_at2(mount, path, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  if (part < 0) {
    return detach_failure(Step::OpenSubpath, -part);
  }
  result.fd = kernel::open_tree_at(part, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
  (void)kernel::close_descriptor(part);
  return result.fd < 0 ? detach_failure(Step::ClonePart, -result.fd) : result;
}

}  // namespace dunnage::launcher
