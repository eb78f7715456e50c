// SPDX-License-Identifier: Apache-2.0
#include "launcher/spawn.hpp"

#include "kernel/call_error.hpp"
#include "kernel/calls.hpp"
#include "kernel/clone.hpp"
#include "kernel/file_descriptor.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <linux/wait.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace dunnage::launcher {
namespace {

using kernel::as_argument;
using kernel::raw_syscall;

constexpr int kMostDescriptors = 8;
constexpr int kFirstFree = 3 + kMostDescriptors;        ///< descriptors are moved out of the way of their new numbers
constexpr std::size_t kStack = std::size_t{64} << 10U;  ///< of each of the two clones

/// What the two clones read, frozen before the first of them, and what they answer. They run in our memory: the
/// program's process until it executes, the go-between beside us while this thread is held by the kernel (CLONE_VFORK).
struct Plan {
  int program;
  const int* descriptors;
  int descriptor_count;
  int standard[3];
  char* const* argv;
  char* const* environment;
  std::uint64_t namespaces;
  bool keep_capabilities;
  long patience;  ///< milliseconds the go-between waits for the end; below zero: it does not, and leaves an orphan
  char* stack;    ///< of the program's process

  long pid = 0;
  int process = -1;  ///< pidfd, made in the host's own table, which the go-between shares
  long error = 0;    ///< of the steps up to the execution
  const char* failed = "execveat";
  int status = 0;
};

/// Ambient capabilities survive the execution of a program by a user that is not (yet) mapped to root.
DUNNAGE_UNSANITIZED long keep_capabilities() noexcept {
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

/// EINVAL is said where no number may be as high as that.
DUNNAGE_UNSANITIZED long move_up(int from, int command) noexcept {
  const long moved = raw_syscall(__NR_fcntl, from, command, kFirstFree);
  return moved == -EINVAL ? -EMFILE : moved;
}

DUNNAGE_UNSANITIZED long arrange_descriptors(const Plan& plan, int& program) noexcept {
  // the child has its own table; first up, out of the way, then down to their places
  const int count = 3 + plan.descriptor_count;
  long moved[3 + kMostDescriptors];
  for (int index = 0; index < count; ++index) {
    const int from = index < 3 ? plan.standard[index] : plan.descriptors[index - 3];
    moved[index] = move_up(from, F_DUPFD);
    if (moved[index] < 0) {
      return moved[index];
    }
  }
  const long executable = move_up(plan.program, F_DUPFD_CLOEXEC);
  if (executable < 0) {
    return executable;
  }
  for (int number = 0; number < count; ++number) {
    const long result = raw_syscall(__NR_dup3, moved[number], number, 0);
    if (result < 0) {
      return result;
    }
  }
  program = static_cast<int>(executable);
  const long below = raw_syscall(__NR_close_range, count, executable - 1, 0);
  return below < 0 ? below : raw_syscall(__NR_close_range, executable + 1, ~0U, 0);
}

DUNNAGE_UNSANITIZED void run_child(void* argument) noexcept {
  auto* plan = static_cast<Plan*>(argument);
  int program = -1;
  long result = arrange_descriptors(*plan, program);
  if (result < 0) {
    plan->failed = "close_range";  // what makes descriptors of numbers fails for want of them only, and that says so
  } else if (plan->keep_capabilities) {
    result = keep_capabilities();
    plan->failed = result < 0 ? "capset" : plan->failed;
  }
  if (result >= 0) {
    (void)raw_syscall(__NR_chdir, as_argument("/"));
    result = raw_syscall(__NR_execveat, program, as_argument(""), as_argument(plan->argv),
                         as_argument(plan->environment), AT_EMPTY_PATH);
  }
  plan->error = -result;
  for (;;) {
    (void)raw_syscall(__NR_exit_group, 127);
  }
}

/// \return what a shell would say of the end
DUNNAGE_UNSANITIZED int reap(int process) noexcept {
  siginfo_t information{};
  long result = 0;
  do {
    result = raw_syscall(__NR_waitid, P_PIDFD, process, as_argument(&information), WEXITED | __WALL, 0);
  } while (result == -EINTR);
  if (result < 0) {
    return 0;
  }
  return information.si_code == CLD_EXITED ? information.si_status : 128 + information.si_status;
}

/// \return whether the process has ended
DUNNAGE_UNSANITIZED bool await_end(int process, long patience) noexcept {
  const timespec time{patience / 1000, patience % 1000 * 1'000'000};
  pollfd item{process, POLLIN, 0};
  long result = 0;
  do {
    result = raw_syscall(__NR_ppoll, as_argument(&item), 1, as_argument(&time), 0, 8);
  } while (result == -EINTR);
  return result > 0;
}

DUNNAGE_UNSANITIZED void run_go_between(void* argument) noexcept {
  auto* plan = static_cast<Plan*>(argument);
  // a host that ignores SIGCHLD has said so for this copy of its dispositions too, and the program inherits what is
  // ignored
  const std::uint64_t default_action[4] = {};
  for (int signal = 1; signal <= 64; ++signal) {
    (void)raw_syscall(__NR_rt_sigaction, signal, as_argument(default_action), 0, 8);
  }
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | plan->namespaces;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&plan->process);
  arguments.stack = reinterpret_cast<std::uint64_t>(plan->stack);
  arguments.stack_size = kStack;
  plan->pid = kernel::clone_onto_stack(&arguments, run_child, plan);
  if (plan->pid > 0 && (plan->patience >= 0 || plan->error != 0)) {
    if (plan->error == 0 && !await_end(plan->process, plan->patience)) {
      (void)raw_syscall(__NR_pidfd_send_signal, plan->process, SIGKILL, 0, 0);
    }
    plan->status = reap(plan->process);
  }
  for (;;) {
    (void)raw_syscall(__NR_exit_group, 0);
  }
}

/// Blocks every signal of this thread: a handler of the host must not run in a clone, which shares its memory.
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

/// The stacks begin at multiples of 16 bytes.
char* aligned(char* memory) noexcept { return memory + (16 - reinterpret_cast<std::uintptr_t>(memory) % 16) % 16; }

/// As execve(2) wants it.
std::vector<char*> closed_list(const std::vector<const char*>& texts) {
  std::vector<char*> list;
  list.reserve(texts.size() + 1);
  for (const char* text : texts) {
    list.push_back(const_cast<char*>(text));
  }
  list.push_back(nullptr);
  return list;
}

/// By the execution: of a user that is not (yet) mapped to root, and of a root that is like any user.
bool loses_capabilities(const Spawn& request) noexcept {
  const long bits = raw_syscall(__NR_prctl, PR_GET_SECUREBITS, 0, 0, 0, 0);
  return (request.namespaces & CLONE_NEWUSER) != 0 ||
         (request.namespaces != 0 && bits > 0 && (bits & SECBIT_NOROOT) != 0);
}

struct Outcome {
  SpawnedProcess spawned;
  int status = 0;
};

Outcome start(const Spawn& request, long patience) {
  const kernel::FileDescriptor null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  if (!null) {
    throw kernel::CallError{"open /dev/null", errno};
  }
  if (request.descriptors.size() > kMostDescriptors) {
    throw kernel::CallError{"spawn", E2BIG};
  }
  std::vector<char*> argv = closed_list(request.argv);
  std::vector<char*> environment = closed_list(request.environment);
  const auto memory = std::make_unique<char[]>(2 * kStack + 16);
  char* const stacks = aligned(memory.get());
  Plan plan{.program = request.program,
            .descriptors = request.descriptors.data(),
            .descriptor_count = static_cast<int>(request.descriptors.size()),
            .standard = {},
            .argv = argv.data(),
            .environment = environment.data(),
            .namespaces = request.namespaces,
            .keep_capabilities = loses_capabilities(request),
            .patience = patience,
            .stack = stacks + kStack};
  for (int number = 0; number < 3; ++number) {
    const int given = request.standard.at(static_cast<std::size_t>(number));
    plan.standard[number] = given < 0 ? null.get() : given;
  }
  int go_between = -1;
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&go_between);
  arguments.stack = reinterpret_cast<std::uint64_t>(stacks);
  arguments.stack_size = kStack;
  long pid = 0;
  {
    const BlockedSignals blocked;
    pid = kernel::clone_onto_stack(&arguments, run_go_between, &plan);
  }
  if (pid < 0) {
    throw kernel::CallError{"clone3", static_cast<int>(-pid)};
  }
  const kernel::FileDescriptor first{go_between};
  (void)reap(first.get());
  Outcome outcome{{static_cast<pid_t>(plan.pid), kernel::FileDescriptor{plan.process}}, plan.status};
  if (plan.pid < 0) {
    throw kernel::CallError{"clone3", static_cast<int>(-plan.pid)};
  }
  if (plan.error != 0) {
    throw kernel::CallError{plan.failed, static_cast<int>(plan.error)};
  }
  return outcome;
}

}  // namespace

SpawnedProcess spawn_orphan(const Spawn& request) { return std::move(start(request, -1).spawned); }

int run_program(const Spawn& request, std::chrono::milliseconds patience) {
  return start(request, static_cast<long>(patience.count())).status;
}

bool wait_for_end(const SpawnedProcess& process, std::chrono::milliseconds patience) noexcept {
  return await_end(process.process.get(), static_cast<long>(patience.count()));
}

}  // namespace dunnage::launcher
