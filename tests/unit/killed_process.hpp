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

/// Whether a process that stands at the entry into a call is about to change a file system.
inline bool is_about_to_change(pid_t child, const __ptrace_syscall_info& info) {
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

/// Kills a process that does `work` at the entry into the call number `call` of those that count.
/// \param counts  is asked at each entry
/// \return false if it made fewer
inline bool killed_at(int call, const std::function<void()>& work,
                      const std::function<bool(pid_t child, const __ptrace_syscall_info& info)>& counts) {
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
    __ptrace_syscall_info info{};
    REQUIRE(::ptrace(PTRACE_GET_SYSCALL_INFO, child, reinterpret_cast<void*>(sizeof info), &info) > 0);
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY && counts(child, info) && ++seen == call) {
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

/// The same, counting all calls.
inline bool killed_at(int call, const std::function<void()>& work) {
  return killed_at(call, work, [](pid_t, const __ptrace_syscall_info&) { return true; });
}

/// The same, counting only the calls that change a file system: between two of them there is nothing new to see.
inline bool killed_before_change(int change, const std::function<void()>& work) {
  return killed_at(change, work, is_about_to_change);
}

}  // namespace dunnage::test
