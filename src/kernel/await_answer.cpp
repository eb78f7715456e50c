// SPDX-License-Identifier: Apache-2.0
#include "kernel/await_answer.hpp"

#include "kernel/calls.hpp"
#include "kernel/timed_call.hpp"

#include <linux/openat2.h>

#include <cerrno>

namespace dunnage::kernel {
namespace {

/// By what is in memory alone. \return 0, EAGAIN if that does not do, or ENOSYS on a kernel without openat2(2)
int look_in_memory(const std::string& path) noexcept {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_CACHED;
  const long result = raw_syscall(__NR_openat2, AT_FDCWD, as_argument(path.c_str()), as_argument(&how), sizeof how);
  if (result >= 0) {
    (void)close_descriptor(static_cast<int>(result));
  }
  if (result == -ENOSYS) {
    return ENOSYS;
  }
  return result >= 0 || result == -ENOENT || result == -ENOTDIR || result == -EACCES ? 0 : EAGAIN;
}

}  // namespace

bool is_unanswered(int number) noexcept {
  switch (number) {
    case ETIMEDOUT:
    case EINTR:  // the process was killed
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return true;
    default:
      return false;
  }
}

int await_answer(const std::string& path, std::chrono::milliseconds patience) {
  if (const int number = look_in_memory(path); number != EAGAIN) {
    return number;
  }
  const int number = -look_in_time(path.c_str(), patience);
  return is_unanswered(number) ? number : 0;
}

}  // namespace dunnage::kernel
