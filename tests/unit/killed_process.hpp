// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A process that is killed at a call of its own.

#include "unit/volume_support.hpp"

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <stdexcept>

namespace dunnage::test {

/// Kills a process that does `work` at the entry into its system call number `call`.
/// \return false if it made fewer
inline bool killed_at(int call, const std::function<void()>& work) {
  const pid_t child = start_process([&] {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) throw std::runtime_error{"ptrace"};
    (void)::raise(SIGSTOP);
    work();
  });
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSTOPPED(status));
  for (int stop = 0; stop < 2 * call + 1 && WIFSTOPPED(status); ++stop) {
    REQUIRE(::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) == 0);
    REQUIRE(::waitpid(child, &status, 0) == child);
  }
  const bool alive = WIFSTOPPED(status);
  if (alive) {
    REQUIRE(::kill(child, SIGKILL) == 0);
    REQUIRE(::waitpid(child, &status, 0) == child);
  } else {
    CHECK(status == 0);
  }
  return alive;
}

/// Whether a process that stands at the entry into a call is about to change a file system.
inline bool is_about_to_change(pid_t child) {
  __ptrace_syscall_info info{};
  REQUIRE(::ptrace(PTRACE_GET_SYSCALL_INFO, child, reinterpret_cast<void*>(sizeof info), &info) > 0);
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return false;
  if (info.entry.nr == SYS_openat2) {
    errno = 0;
    const long flags = ::ptrace(PTRACE_PEEKDATA, child, reinterpret_cast<void*>(info.entry.args[2]), nullptr);
    return errno == 0 && (flags & O_CREAT) != 0;
  }
  switch (info.entry.nr) {
    case SYS_write:
    case SYS_renameat2:
    case SYS_renameat:
    case SYS_linkat:
    case SYS_unlinkat:
    case SYS_mkdirat:
    case SYS_ftruncate:
    case SYS_fchmod:
    case SYS_fchmodat:
#ifdef SYS_chmod
    case SYS_chmod:
#endif
    case SYS_fsync:
      return true;
    default:
      return false;
  }
}

/// As killed_at(), counting only the calls that change a file system: between two of them there is nothing new to see.
inline bool killed_before_change(int change, const std::function<void()>& work) {
  const pid_t child = start_process([&] {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) throw std::runtime_error{"ptrace"};
    (void)::raise(SIGSTOP);
    work();
  });
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  // else the kernel does not tell entries from returns
  REQUIRE(::ptrace(PTRACE_SETOPTIONS, child, nullptr, reinterpret_cast<void*>(PTRACE_O_TRACESYSGOOD)) == 0);
  for (int seen = -1; WIFSTOPPED(status);) {
    if (is_about_to_change(child) && ++seen == change) {
      REQUIRE(::kill(child, SIGKILL) == 0);
      REQUIRE(::waitpid(child, &status, 0) == child);
      return true;
    }
    REQUIRE(::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) == 0);
    REQUIRE(::waitpid(child, &status, 0) == child);
  }
  CHECK(status == 0);
  return false;
}

}  // namespace dunnage::test
