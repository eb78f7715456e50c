// SPDX-License-Identifier: Apache-2.0
#include "kernel/lock.hpp"

#include "kernel/call_error.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <thread>

namespace dunnage::kernel {
namespace {

struct flock part_of_file(short type, LockRange range) noexcept {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = range.first;
  lock.l_len = range.count;
  return lock;
}

short type_of(LockKind kind) noexcept { return kind == LockKind::Shared ? F_RDLCK : F_WRLCK; }

}  // namespace

bool try_lock(int fd, LockKind kind) { return try_lock(fd, kind, LockRange{}); }

bool try_lock(int fd, LockKind kind, LockRange range) {
  struct flock lock = part_of_file(type_of(kind), range);
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

bool lock_within(int fd, LockKind kind, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (auto pause = std::chrono::microseconds{100}; !try_lock(fd, kind);) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds{10'000});
  }
  return true;
}

void unlock(int fd) noexcept {
  struct flock lock = part_of_file(F_UNLCK, {});
  (void)::fcntl(fd, F_OFD_SETLK, &lock);  // closing the descriptor is the other way, and the caller does that next
}

bool is_locked_by_another(int fd, LockKind kind, LockRange range) {
  struct flock lock = part_of_file(type_of(kind), range);
  if (::fcntl(fd, F_OFD_GETLK, &lock) != 0) {
    throw CallError{"lock", errno};
  }
  return lock.l_type != F_UNLCK;
}

}  // namespace dunnage::kernel
