// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A path in a volume whose content nobody vouches for: containers may swap any part of it at any time. No C library,
/// no allocation.

#include "kernel/calls.hpp"
#include "launcher/detach_result.hpp"
#include "launcher/direct_calls.hpp"

#include <errno.h>
#include <stddef.h>

namespace dunnage::launcher {

/// Links are followed as long as they stay below; the kernel refuses what would leave, however it is swapped meanwhile.
template <class Calls = DirectCalls>
int open_below(int directory, const char* path) noexcept {
  constexpr int kRenames = 64;  // a directory on the way that is renamed at that moment looks like one that leaves
  int fd = -EXDEV;
  for (int tries = 0; fd == -EXDEV && tries < kRenames; ++tries) {
    fd = Calls::open_at2(directory, path, O_PATH, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
  }
  return fd;
}

/// Gives back to a directory just made what the umask of the host program took.
template <class Calls>
long open_to_all(int directory) noexcept {
  const int fd = Calls::open_at2(directory, ".", O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH);
  if (fd < 0) {
    return fd;
  }
  const long result = Calls::set_mode(fd, 0755);
  (void)kernel::close_descriptor(fd);
  return result;
}

/// Opens `prefix` below `base`; if it is missing, makes `name`, its last part, in the open directory `parent`.
template <class Calls>
DetachResult open_or_make(int base, int parent, const char* prefix, const char* name) noexcept {
  DetachResult result;
  result.fd = open_below<Calls>(base, prefix);
  if (result.fd == -ENOENT) {
    const long made = Calls::make_directory(parent, name, 0755);
    result.fd = open_below<Calls>(base, prefix);
    const long moded = made < 0 || result.fd < 0 ? 0 : open_to_all<Calls>(result.fd);
    if ((made < 0 && made != -EEXIST) || moded < 0) {
      result.failure = failure_of(Step::CreateSubpath, made < 0 ? made : moded);
      return result;
    }
  }
  if (result.fd < 0) {
    result.failure = failure_of(Step::OpenSubpath, result.fd);
  }
  return result;
}

/// Opens `path` below `base` and closes `base`. Missing directories are made, one component in one open directory at a
/// time.
template <class Calls = DirectCalls>
DetachResult open_subpath(int base, const char* path) noexcept {
  constexpr size_t kLongest = 4096;
  char prefix[kLongest];
  int parent = Calls::open_at2(base, ".", O_PATH | O_DIRECTORY, 0);
  DetachResult result;
  size_t end = 0;
  while (parent >= 0 && path[end] != '\0' && result.failure.error == 0) {
    while (path[end] == '/') {
      prefix[end] = path[end];
      ++end;
    }
    const size_t begin = end;
    while (path[end] != '\0' && path[end] != '/' && end + 1 < kLongest) {
      prefix[end] = path[end];
      ++end;
    }
    prefix[end] = '\0';
    if (end == begin) {
      break;
    }
    if (end + 1 == kLongest) {
      result.failure = failure_of(Step::OpenSubpath, -ENAMETOOLONG);
      break;
    }
    const DetachResult step = open_or_make<Calls>(base, parent, prefix, prefix + begin);
    const int fd = step.fd;
    result.failure = step.failure;
    (void)kernel::close_descriptor(parent);
    parent = fd;
  }
  (void)kernel::close_descriptor(base);
  if (result.failure.error == 0 && parent < 0) {
    result.failure = failure_of(Step::OpenSubpath, parent);
  }
  result.fd = result.failure.error == 0 ? parent : -1;
  if (result.fd < 0 && parent >= 0) {
    (void)kernel::close_descriptor(parent);
  }
  return result;
}

}  // namespace dunnage::launcher
