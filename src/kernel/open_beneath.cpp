// SPDX-License-Identifier: Apache-2.0
#include "kernel/open_beneath.hpp"

#include "kernel/call_error.hpp"
#include "kernel/calls.hpp"

#include <cerrno>

namespace dunnage::kernel {

namespace {

FileDescriptor open_resolved(int directory, const char* path, int flags, mode_t mode, uint64_t resolve) noexcept {
  // EXDEV is also what the kernel says when a directory on the way is renamed out of here at that moment.
  int renames = 16;
  int fd = -EINTR;
  while (fd == -EINTR || (fd == -EXDEV && --renames > 0)) {
    fd = open_at2(directory, path, static_cast<unsigned>(flags), resolve, mode);
  }
  if (fd < 0) {
    errno = -fd;
    return FileDescriptor{};
  }
  return FileDescriptor{fd};
}

}  // namespace

FileDescriptor open_beneath(int directory, const char* path, int flags, mode_t mode, Crossing crossing) noexcept {
  uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  if (crossing == Crossing::Forbidden) {
    resolve |= RESOLVE_NO_XDEV;
  }
  return open_resolved(directory, path, flags, mode, resolve);
}

FileDescriptor open_readable(int directory) noexcept {
  return open_beneath(directory, ".", O_RDONLY | O_DIRECTORY, 0, Crossing::Allowed);
}

FileDescriptor require_readable(int directory) {
  FileDescriptor readable = open_readable(directory);
  if (!readable) {
    throw CallError{"open directory", errno};
  }
  return readable;
}

FileDescriptor open_inside(int directory, const char* path, int flags) noexcept {
  return open_resolved(directory, path, flags, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
}

}  // namespace dunnage::kernel
