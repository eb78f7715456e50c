// SPDX-License-Identifier: Apache-2.0
#include "launcher/spawn.hpp"

#include "kernel/call_error.hpp"
#include "kernel/calls.hpp"
#include "kernel/clone.hpp"
#include "kernel/file_descriptor.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/wait.h>
#include <sched.h>
#include <signal.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace dunnage::launcher {
namespace {

using kernel::as_argument;
using kernel::raw_syscall;

constexpr int kFirstFree = 64;  ///< descriptors are moved out of the way of their new numbers
constexpr std::size_t kStack = std::size_t{64} << 10U;

/// Everything the child reads, frozen before the clone. It runs in our memory until it executes the program.
struct Plan {
  int program;
  const int* descriptors;
  int descriptor_count;
  int null;
  char* const* argv;
  bool keep_capabilities;
  long error;
};

/// Ambient capabilities survive the execution of a program by a user that is not (yet) mapped to root.
[[gnu::no_sanitize("address", "undefined", "thread")]] long keep_capabilities() noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  long result = raw_syscall(__NR_capget, as_argument(&header), as_argument(data));
  data[0].inheritable = data[0].permitted;
  data[1].inheritable = data[1].permitted;
  if (result == 0) {
    result = raw_syscall(__NR_capset, as_argument(&header), as_argument(data));
  }
  for (int capability = 0; result == 0 && capability < 64; ++capability) {
    if ((data[capability / 32].permitted >> (static_cast<unsigned>(capability) % 32U) & 1U) != 0) {
      result = raw_syscall(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
    }
  }
  return result;
}

[[gnu::no_sanitize("address", "undefined", "thread")]] long arrange_descriptors(const Plan& plan, int& program) noexcept {
  // the child has its own table; first up, out of the way, then down to their places
  long moved[8];
  for (int index = 0; index < plan.descriptor_count; ++index) {
    moved[index] = raw_syscall(__NR_fcntl, plan.descriptors[index], F_DUPFD, kFirstFree);
    if (moved[index] < 0) {
      return moved[index];
    }
  }
  const long null = raw_syscall(__NR_fcntl, plan.null, F_DUPFD, kFirstFree);
  const long executable = raw_syscall(__NR_fcntl, plan.program, F_DUPFD_CLOEXEC, kFirstFree);
  if (null < 0 || executable < 0) {
    return null < 0 ? null : executable;
  }
  for (int number = 0; number < 3 + plan.descriptor_count; ++number) {
    const long result = raw_syscall(__NR_dup3, number < 3 ? null : moved[number - 3], number, 0);
    if (result < 0) {
      return result;
    }
  }
  program = static_cast<int>(executable);
  const long below = raw_syscall(__NR_close_range, 3 + plan.descriptor_count, executable - 1, 0);
  return below < 0 ? below : raw_syscall(__NR_close_range, executable + 1, ~0U, 0);
}

[[gnu::no_sanitize("address", "undefined", "thread")]] void run_child(void* argument) noexcept {
  auto* plan = static_cast<Plan*>(argument);
  const std::uint64_t default_action[4] = {};
  for (int signal = 1; signal <= 64; ++signal) {
    (void)raw_syscall(__NR_rt_sigaction, signal, as_argument(default_action), 0, 8);
  }
  int program = -1;
  long result = arrange_descriptors(*plan, program);
  if (result >= 0 && plan->keep_capabilities) {
    result = keep_capabilities();
  }
  if (result >= 0) {
    (void)raw_syscall(__NR_chdir, as_argument("/"));
    const char* const environment[] = {nullptr};
    result = raw_syscall(__NR_execveat, program, as_argument(""), as_argument(plan->argv), as_argument(environment),
                         AT_EMPTY_PATH);
  }
  plan->error = -result;
  for (;;) {
    (void)raw_syscall(__NR_exit_group, 127);
  }
}

/// Blocks every signal of this thread: a handler of the host must not run in the child, which shares its memory.
class BlockedSignals {
 public:
  BlockedSignals() noexcept {
    const std::uint64_t all = ~std::uint64_t{0};
    (void)raw_syscall(__NR_rt_sigprocmask, SIG_SETMASK, as_argument(&all), as_argument(&before_), 8);
  }
  ~BlockedSignals() { (void)raw_syscall(__NR_rt_sigprocmask, SIG_SETMASK, as_argument(&before_), 0, 8); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  std::uint64_t before_ = 0;
};

}  // namespace

SpawnedProcess spawn(const Spawn& request) {
  const kernel::FileDescriptor null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  if (!null) {
    throw kernel::CallError{"open /dev/null", errno};
  }
  std::vector<char*> argv;
  for (const char* argument : request.argv) {
    argv.push_back(const_cast<char*>(argument));
  }
  argv.push_back(nullptr);
  Plan plan{request.program, request.descriptors.data(), static_cast<int>(request.descriptors.size()), null.get(),
            argv.data(),     (request.namespaces & CLONE_NEWUSER) != 0, 0};
  const auto stack = std::make_unique<char[]>(kStack + 16);
  int process = -1;
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | request.namespaces;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&process);
  arguments.stack = (reinterpret_cast<std::uint64_t>(stack.get()) + 15) & ~std::uint64_t{15};
  arguments.stack_size = kStack;
  long pid = 0;
  {
    const BlockedSignals blocked;
    pid = kernel::clone_onto_stack(&arguments, run_child, &plan);
  }
  if (pid < 0) {
    throw kernel::CallError{"clone3", static_cast<int>(-pid)};
  }
  SpawnedProcess spawned{static_cast<pid_t>(pid), kernel::FileDescriptor{process}};
  if (plan.error != 0) {
    (void)wait_for(spawned);
    throw kernel::CallError{"execveat", static_cast<int>(plan.error)};
  }
  return spawned;
}

int wait_for(const SpawnedProcess& process) noexcept {
  siginfo_t information{};
  long result = 0;
  do {
    result = raw_syscall(__NR_waitid, P_PIDFD, process.process.get(), as_argument(&information), WEXITED | __WALL, 0);
  } while (result == -EINTR);
  if (result < 0) {
    return -1;
  }
  return information.si_code == CLD_EXITED ? information.si_status : 128 + information.si_status;
}

void reap(const SpawnedProcess& process) noexcept {
  siginfo_t information{};
  (void)raw_syscall(__NR_waitid, P_PIDFD, process.process.get(), as_argument(&information), WEXITED | __WALL | WNOHANG,
                    0);
}

}  // namespace dunnage::launcher
