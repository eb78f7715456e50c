// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/keep.hpp"

#include "launcher/keep.hpp"
#include "launcher/program/system.hpp"

#include <linux/close_range.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <poll.h>

namespace dunnage::launcher {
namespace {

void tell(KeptEnd end) noexcept {
  (void)raw_syscall(__NR_sendto, kKeeperChannel, as_argument(&end), sizeof end, MSG_NOSIGNAL, 0, 0);
}

[[noreturn]] void run(char** argv, char** environment) noexcept {
  (void)raw_syscall(__NR_setsid);  // a group of its own, so that its helpers can be killed with it
  (void)raw_syscall(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const uint64_t none = 0;
  (void)raw_syscall(__NR_rt_sigprocmask, SIG_SETMASK, as_argument(&none), 0, 8);
  (void)raw_syscall(__NR_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
  const long result = raw_syscall(__NR_execve, as_argument(argv[0]), as_argument(argv + 1), as_argument(environment));
  tell({.error = static_cast<int32_t>(-result), .status = 127});
  exit_process(127);
}

/// \return whether the program has ended by itself
bool await_end(int process) noexcept {
  pollfd items[2] = {{kKeeperChannel, POLLIN, 0}, {process, POLLIN, 0}};
  long result = 0;
  do {
    result = raw_syscall(__NR_ppoll, as_argument(items), 2, 0, 0, 8);
  } while (result == -EINTR);
  return result > 0 && items[1].revents != 0;
}

int reap(int process) noexcept {
  siginfo_t information{};
  long result = 0;
  do {
    result = raw_syscall(__NR_waitid, P_PIDFD, process, as_argument(&information), WEXITED, 0);
  } while (result == -EINTR);
  return information.si_code == CLD_EXITED ? information.si_status : 128 + information.si_status;
}

}  // namespace

void keep_program(char** argv, char** environment) noexcept {
  int process = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(&process);
  arguments.exit_signal = SIGCHLD;
  const long pid = raw_syscall(__NR_clone3, as_argument(&arguments), sizeof arguments);
  if (pid == 0) {
    run(argv, environment);
  }
  if (pid < 0) {
    tell({.error = static_cast<int32_t>(-pid), .status = 127});
    exit_process(1);
  }
  // The reader of its output must see the end of it when the program ends.
  (void)raw_syscall(__NR_close_range, 0, 2, 0);
  if (!await_end(process)) {
    (void)raw_syscall(__NR_kill, -pid, SIGKILL);
    (void)signal_process(process, SIGKILL);  // it may not have come to its own group yet
  }
  tell({.error = 0, .status = reap(process)});
  exit_process(0);
}

}  // namespace dunnage::launcher
