// SPDX-License-Identifier: Apache-2.0
#include "kernel/await_answer.hpp"

#include "kernel/calls.hpp"
#include "kernel/clone.hpp"
#include "kernel/file_descriptor.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/wait.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace dunnage::kernel {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kStack = std::size_t{16} << 10U;
constexpr milliseconds kDying{1000};

/// What the process that looks has for itself. It may outlive the call, where even killing it has to wait.
struct Looking {
  alignas(16) std::byte stack[kStack];
  std::string path;
  struct statx status;
};

DUNNAGE_UNSANITIZED void look_once(void* argument) noexcept {
  auto* looking = static_cast<Looking*>(argument);
  (void)raw_syscall(__NR_statx, AT_FDCWD, as_argument(looking->path.c_str()), AT_NO_AUTOMOUNT, STATX_TYPE,
                    as_argument(&looking->status));
  for (;;) {
    (void)raw_syscall(__NR_exit_group, 0);
  }
}

bool has_ended(int process, milliseconds patience) noexcept {
  const auto deadline = steady_clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    pollfd item{process, POLLIN, 0};
    const int result = ::poll(&item, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (result >= 0 || errno != EINTR) {
      return result > 0;
    }
  }
}

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

int await_answer(const std::string& path, milliseconds patience) {
  if (const int number = look_in_memory(path); number != EAGAIN) {
    return number;
  }
  auto looking = std::make_unique<Looking>();
  looking->path = path;
  int number = -1;
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_PIDFD | CLONE_CLEAR_SIGHAND;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&number);
  arguments.exit_signal = 0;  // no child the host could wait for by chance
  arguments.stack = reinterpret_cast<std::uint64_t>(looking->stack);
  arguments.stack_size = kStack;
  const long result = clone_onto_stack(&arguments, look_once, looking.get());
  if (result < 0) {
    return static_cast<int>(-result);
  }
  const FileDescriptor process{number};
  const bool answered = has_ended(process.get(), patience);
  if (!answered) {
    (void)raw_syscall(__NR_pidfd_send_signal, process.get(), SIGKILL, 0, 0);
    if (!has_ended(process.get(), kDying)) {
      (void)looking.release();  // it stands on this stack for as long as the file system likes
      return ETIMEDOUT;
    }
  }
  (void)raw_syscall(__NR_waitid, P_PIDFD, process.get(), 0, WEXITED | __WALL, 0);
  return answered ? 0 : ETIMEDOUT;
}

bool may_wait_for_others(int directory) noexcept {
  struct statx status {};
  constexpr int kWithoutAsking = AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  return ::statx(directory, "", kWithoutAsking, STATX_TYPE, &status) != 0 || status.stx_dev_major == 0;
}

}  // namespace dunnage::kernel
