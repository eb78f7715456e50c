// SPDX-License-Identifier: Apache-2.0
// Finding and making the places mounts go to, inside a root file system that may be hostile.

#include "launcher/program/child.hpp"

namespace dunnage::launcher {
namespace {

constexpr uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
constexpr size_t kLongestPath = 4096;

/// The length of the prefix of `path` that ends with its `count`-th component; 0 when there are fewer.
size_t prefix_size(const char* path, unsigned count) noexcept {
  size_t position = 0;
  for (unsigned found = 0; found < count; ++found) {
    while (path[position] == '/') {
      ++position;
    }
    if (path[position] == '\0') {
      return 0;
    }
    while (path[position] != '\0' && path[position] != '/') {
      ++position;
    }
  }
  return position;
}

size_t last_component(const char* path, size_t size) noexcept {
  while (size > 0 && path[size - 1] != '/') {
    --size;
  }
  return size;
}

/// Makes the component a prefix ends with, in the directory that holds it. EEXIST is no failure: someone was faster, or
/// a link points nowhere, which the next look tells apart.
long create_component(int parent, const char* name, bool file) noexcept {
  const long result = file ? raw_syscall(__NR_mknodat, parent, as_argument(name), S_IFREG | 0644, 0)
                           : make_directory_at(parent, name, 0755);
  return result == -EEXIST ? 0 : result;
}

}  // namespace

int open_or_create(Child& child, const char* path, bool file, Step step, int mount) noexcept {
  int fd = kernel::open_at2(child.root, path, O_PATH, kInRoot);
  if (fd != -ENOENT) {
    return static_cast<int>(require(child, step, fd, mount));
  }
  char prefix[kLongestPath];
  if (text_size(path) >= kLongestPath) {
    fail(child, step, ENAMETOOLONG, mount);
  }
  int parent = static_cast<int>(require(child, step, control_descriptor(child.root, F_DUPFD_CLOEXEC, 3), mount));
  for (unsigned count = 1;; ++count) {
    const size_t size = prefix_size(path, count);
    if (size == 0) {
      return parent;
    }
    __builtin_memcpy(prefix, path, size);
    prefix[size] = '\0';
    const bool last = prefix_size(path, count + 1) == 0;
    // every prefix is looked up from the root again: a link in it is followed inside the root, never outside
    fd = kernel::open_at2(child.root, prefix, O_PATH, kInRoot);
    if (fd == -ENOENT) {
      require(child, step, create_component(parent, prefix + last_component(prefix, size), file && last), mount);
      fd = kernel::open_at2(child.root, prefix, O_PATH, kInRoot);
    }
    (void)close_descriptor(parent);
    parent = static_cast<int>(require(child, step, fd, mount));
  }
}

void create_working_directory(Child& child) noexcept {
  const char* path = text_of(child.slot, child.slot.request->working_directory);
  if (path != nullptr && path[0] == '/' && path[1] != '\0') {
    const int fd = open_or_create(child, path, false, Step::CreateWorkingDirectory, -1);
    (void)close_descriptor(fd);
  }
}

}  // namespace dunnage::launcher
