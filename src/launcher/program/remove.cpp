// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/remove.hpp"

#include "launcher/program/each_entry.hpp"

namespace dunnage::launcher {
namespace {

constexpr uint64_t kOneLevel = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
constexpr uint8_t kDirectoryType = 4;

alignas(8) char entries[16U << 10U];

/// Moves a directory that is not empty up into `top`, under a name nothing there has. 0 or -errno.
long move_up(int top, int directory, const char* name, uint64_t& counter) noexcept {
  constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE
  long result = -EEXIST;
  while (result == -EEXIST) {
    char fresh[32] = ".flat-";
    uint64_t value = counter++;
    for (unsigned digit = 6; digit < 22; ++digit, value >>= 4U) {
      fresh[digit] = "0123456789abcdef"[value & 15U];
    }
    result = raw_syscall(__NR_renameat2, directory, as_argument(name), top, as_argument(fresh), kNoReplace);
  }
  return result;
}

/// Removes one entry that is no directory or an empty one. 0 or -errno.
long remove_entry(int directory, const DirectoryEntry& entry) noexcept {
  const long result = raw_syscall(__NR_unlinkat, directory, as_argument(entry.name), 0);
  if (result != -EISDIR && !(result == -EPERM && entry.type == kDirectoryType)) {
    return result;
  }
  return raw_syscall(__NR_unlinkat, directory, as_argument(entry.name), AT_REMOVEDIR);
}

/// Empties `directory`: what cannot be removed because it is not empty is moved up into `top`, so that no depth of tree
/// needs memory. 0 or -errno.
long flatten(int top, int directory, uint64_t& counter) noexcept {
  return each_entry(directory, entries, [&](const DirectoryEntry& entry) -> long {
    long result = remove_entry(directory, entry);
    if (result == -ENOTEMPTY || result == -EEXIST) {
      result = move_up(top, directory, entry.name, counter);
    }
    return result == -ENOENT || result > 0 ? 0 : result;
  });
}

/// One look at `top`: removes its entries, or what is in them. 1 when there were some, 0 when it is empty, or -errno.
long remove_layer(int top, uint64_t& counter) noexcept {
  alignas(8) char layer[4096];
  long size = raw_syscall(__NR_lseek, top, 0, 0);
  size = size < 0 ? size : raw_syscall(__NR_getdents64, top, as_argument(layer), sizeof layer);
  long found = 0;
  for (long position = 0; position < size;) {
    const auto* entry = reinterpret_cast<const DirectoryEntry*>(layer + position);
    position += entry->size;
    if (is_dots(entry->name)) {
      continue;
    }
    found = 1;
    if (remove_entry(top, *entry) >= 0) {
      continue;
    }
    const int below = kernel::open_at2(top, entry->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, kOneLevel);
    if (below == -ENOENT) {  // somebody else removes here as well
      continue;
    }
    if (below < 0) {
      return below;
    }
    const long result = flatten(top, below, counter);
    (void)close_descriptor(below);
    if (result < 0) {
      return result;
    }
  }
  return size < 0 ? size : found;
}

}  // namespace

int remove_tree(int directory, const char* name) noexcept {
  const int top = kernel::open_at2(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, kOneLevel);
  if (top < 0) {
    return top == -ENOENT ? 0 : -top;
  }
  uint64_t counter = 0;
  long result = 1;
  while (result > 0) {  // a directory that was moved up is found by the next look
    result = remove_layer(top, counter);
  }
  (void)close_descriptor(top);
  if (result == 0) {
    result = raw_syscall(__NR_unlinkat, directory, as_argument(name), AT_REMOVEDIR);
  }
  return result == -ENOENT ? 0 : static_cast<int>(-result);
}

}  // namespace dunnage::launcher
