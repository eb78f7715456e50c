// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What getdents64(2) writes.

#include <stdint.h>

namespace dunnage::launcher {

struct DirectoryEntry {  // struct linux_dirent64
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
  char name[1];  // and what follows
};

/// "." and "..", which every directory has.
inline bool is_dots(const char* name) noexcept {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

}  // namespace dunnage::launcher
