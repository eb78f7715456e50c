// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The system calls only the launcher makes, and the few things it would take from a C library. Negative results are
/// -errno.

#include "kernel/calls.hpp"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

namespace dunnage::launcher {

using kernel::as_argument;
using kernel::close_descriptor;
using kernel::raw_syscall;

[[noreturn]] inline void exit_process(int code) noexcept {
  (void)raw_syscall(__NR_exit_group, code);
  (void)raw_syscall(__NR_exit, code);
  __builtin_trap();  // a filter of the container forbids both
}

inline size_t text_size(const char* text) noexcept {
  size_t size = 0;
  while (text[size] != '\0') {
    ++size;
  }
  return size;
}

inline bool same_text(const char* left, const char* right) noexcept {
  size_t index = 0;
  while (left[index] != '\0' && left[index] == right[index]) {
    ++index;
  }
  return left[index] == right[index];
}

/// Text number `index` of those in `size` bytes, each of which ends with a NUL; null if it is not there.
inline const char* text_at(const char* texts, size_t size, uint32_t index) noexcept {
  const char* text = texts;
  for (; text < texts + size && index > 0; --index) {
    text += text_size(text) + 1;
  }
  return text < texts + size ? text : nullptr;
}

inline int64_t now_realtime() noexcept {
  struct timespec time {};
  (void)raw_syscall(__NR_clock_gettime, CLOCK_REALTIME, as_argument(&time));
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

inline int64_t now_monotonic() noexcept {
  struct timespec time {};
  (void)raw_syscall(__NR_clock_gettime, CLOCK_MONOTONIC, as_argument(&time));
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Memory from the kernel; null when there is none.
inline void* map_memory(size_t size) noexcept {
  constexpr long kReadWrite = 3;
  constexpr long kPrivateAnonymous = 0x22;
  const long result = raw_syscall(__NR_mmap, 0, static_cast<long>(size), kReadWrite, kPrivateAnonymous, -1, 0);
  return result < 0 && result > -4096 ? nullptr : reinterpret_cast<void*>(result);
}

inline void unmap_memory(void* memory, size_t size) noexcept {
  (void)raw_syscall(__NR_munmap, as_argument(memory), static_cast<long>(size));
}

inline int make_directory_at(int directory, const char* name, unsigned mode) noexcept {
  return static_cast<int>(raw_syscall(__NR_mkdirat, directory, as_argument(name), mode));
}

inline int open_at(int directory, const char* path, int flags, unsigned mode = 0) noexcept {
  return static_cast<int>(raw_syscall(__NR_openat, directory, as_argument(path), flags | O_CLOEXEC, mode));
}

/// Closes descriptors one after the other, those whose numbers follow each other by one call. They are this process's,
/// so nobody else has put a descriptor between them.
class Closing {
 public:
  void add(int& fd) noexcept {
    if (fd != last_ + 1 || first_ < 0) {
      finish();
      first_ = fd;
    }
    last_ = fd;
    fd = -1;
  }
  void finish() noexcept {
    if (first_ >= 0) {
      (void)raw_syscall(__NR_close_range, first_, last_, 0);
    }
    first_ = -1;
  }

 private:
  int first_ = -1;
  int last_ = -1;
};

inline long write_bytes(int fd, const void* data, size_t size) noexcept {
  return raw_syscall(__NR_write, fd, as_argument(data), static_cast<long>(size));
}

inline long read_bytes(int fd, void* data, size_t size) noexcept {
  return raw_syscall(__NR_read, fd, as_argument(data), static_cast<long>(size));
}

inline int signal_process(int pidfd, int signal) noexcept {
  return static_cast<int>(raw_syscall(__NR_pidfd_send_signal, pidfd, signal, 0, 0));
}

inline int control_descriptor(int fd, int command, long argument) noexcept {
  return static_cast<int>(raw_syscall(__NR_fcntl, fd, command, argument));
}

inline int duplicate_onto(int fd, int number) noexcept {
  return static_cast<int>(raw_syscall(__NR_dup3, fd, number, 0));
}

inline int wait_for_events(int epoll, epoll_event* events, int count, int timeout_ms) noexcept {
  return static_cast<int>(raw_syscall(__NR_epoll_pwait, epoll, as_argument(events), count, timeout_ms, 0, 8));
}

inline int watch(int epoll, int fd, uint32_t events, uint64_t data) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u64 = data;
  return static_cast<int>(raw_syscall(__NR_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, as_argument(&event)));
}

inline void unwatch(int epoll, int fd) noexcept { (void)raw_syscall(__NR_epoll_ctl, epoll, EPOLL_CTL_DEL, fd, 0); }

inline int wait_child(int pid, int* status, int options) noexcept {
  return static_cast<int>(raw_syscall(__NR_wait4, pid, as_argument(status), options, 0));
}

}  // namespace dunnage::launcher
