// SPDX-License-Identifier: Apache-2.0
#include "kernel/lock.hpp"

#include "kernel/call_error.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstdio>

namespace dunnage::kernel {
namespace {

struct flock whole_file(short type) noexcept {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

short type_of(LockKind kind) noexcept { return kind == LockKind::Shared ? F_RDLCK : F_WRLCK; }

}  // namespace

bool try_lock(int fd, LockKind kind) {
  struct flock lock = whole_file(type_of(kind));
  while (::fcntl(fd, F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) {
      return false;
    }
    if (errno != EINTR) {
      throw CallError{"lock", errno};
    }
  }
  return true;
}

void unlock(int fd) noexcept {
  struct flock lock = whole_file(F_UNLCK);
  (void)::fcntl(fd, F_OFD_SETLK, &lock);  // closing the descriptor is the other way, and the caller does that next
}

bool is_locked_by_another(int fd, LockKind kind) {
  struct flock lock = whole_file(type_of(kind));
  if (::fcntl(fd, F_OFD_GETLK, &lock) != 0) {
    throw CallError{"lock", errno};
  }
  return lock.l_type != F_UNLCK;
}

}  // namespace dunnage::kernel
