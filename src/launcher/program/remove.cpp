// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/remove.hpp"

#include "launcher/program/system.hpp"

namespace dunnage::launcher {
namespace {

constexpr uint64_t kOneLevel = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
constexpr uint8_t kDirectoryType = 4;

struct DirectoryEntry {  // struct linux_dirent64
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
  char name[1];  // and what follows
};

alignas(8) char entries[16U << 10U];

bool is_dots(const char* name) noexcept {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/// Removes what is no directory in `directory`, and empty directories. Moves one directory that is not empty up into
/// `top` under a name of its own, so that no depth of tree needs memory. Returns entries changed, or -errno.
long flatten(int top, int directory, uint64_t& counter) noexcept {
  long changed = 0;
  long size = 0;
  while ((size = raw_syscall(__NR_getdents64, directory, as_argument(entries), sizeof entries)) > 0) {
    for (long position = 0; position < size;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(entries + position);
      position += entry->size;
      if (is_dots(entry->name)) {
        continue;
      }
      long result = raw_syscall(__NR_unlinkat, directory, as_argument(entry->name), 0);
      if (result == -EISDIR || (result == -EPERM && entry->type == kDirectoryType)) {
        result = raw_syscall(__NR_unlinkat, directory, as_argument(entry->name), AT_REMOVEDIR);
        while (result == -ENOTEMPTY || result == -EEXIST) {
          char name[32] = ".flat-";
          uint64_t value = counter++;
          for (unsigned digit = 6; digit < 22; ++digit, value >>= 4U) {
            name[digit] = "0123456789abcdef"[value & 15U];
          }
          result = raw_syscall(__NR_renameat2, directory, as_argument(entry->name), top, as_argument(name), 1);
          if (result == -EEXIST) {
            result = -ENOTEMPTY;
          }
        }
      }
      if (result < 0 && result != -ENOENT) {
        return result;
      }
      ++changed;
    }
  }
  return size < 0 ? size : changed;
}

}  // namespace

int remove_tree(int directory, const char* name) noexcept {
  const int top = kernel::open_at2(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, kOneLevel);
  if (top < 0) {
    return top == -ENOENT ? 0 : -top;
  }
  uint64_t counter = 0;
  for (;;) {
    // a directory moved up is found here by the next pass
    alignas(8) char pass[4096];
    long result = raw_syscall(__NR_lseek, top, 0, 0);
    result = raw_syscall(__NR_getdents64, top, as_argument(pass), sizeof pass);
    bool found = false;
    for (long position = 0; position < result;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(pass + position);
      position += entry->size;
      if (is_dots(entry->name)) {
        continue;
      }
      found = true;
      if (raw_syscall(__NR_unlinkat, top, as_argument(entry->name), 0) >= 0 ||
          raw_syscall(__NR_unlinkat, top, as_argument(entry->name), AT_REMOVEDIR) >= 0) {
        continue;
      }
      const int below = kernel::open_at2(top, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, kOneLevel);
      const long changed = below < 0 ? below : flatten(top, below, counter);
      if (below >= 0) {
        (void)close_descriptor(below);
      }
      if (changed < 0) {
        (void)close_descriptor(top);
        return static_cast<int>(-changed);
      }
    }
    if (!found || result < 0) {
      (void)close_descriptor(top);
      if (result < 0) {
        return static_cast<int>(-result);
      }
      const long removed = raw_syscall(__NR_unlinkat, directory, as_argument(name), AT_REMOVEDIR);
      return removed < 0 ? static_cast<int>(-removed) : 0;
    }
  }
}

}  // namespace dunnage::launcher
