// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The directories that the entries of a list are in, opened one after the other.

#include "launcher/program/entry.hpp"
#include "launcher/program/work.hpp"

namespace dunnage::launcher {

/// The directory the record before was in; most records are in the same.
struct ParentDirectory {
  int tree = -1;
  int fd = -1;
  size_t size = 0;
  char path[kMostPath] = {};

  /// A descriptor of the directory that `path` is in, not to be closed; -errno. `leaf` becomes its last component.
  int open(const char* entry, const char*& leaf) noexcept {
    size_t end = 0;
    for (size_t index = 0; entry[index] != '\0'; ++index) {
      end = entry[index] == '/' ? index : end;
    }
    leaf = end == 0 ? entry : entry + end + 1;
    if (end == 0) {
      return tree;
    }
    if (fd >= 0 && end == size && __builtin_memcmp(path, entry, end) == 0) {
      return fd;
    }
    if (fd >= 0) {
      (void)close_descriptor(fd);
    }
    size = end < kMostPath ? end : kMostPath - 1;
    __builtin_memcpy(path, entry, size);
    path[size] = '\0';
    fd = end < kMostPath ? kernel::open_at2(tree, path, O_PATH | O_DIRECTORY, kOneComponent | RESOLVE_NO_SYMLINKS)
                         : -ENAMETOOLONG;
    return fd;
  }
};

}  // namespace dunnage::launcher
