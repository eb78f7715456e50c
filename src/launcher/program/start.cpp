// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/start.hpp"

#include "kernel/clone.hpp"
#include "launcher/program/cgroup.hpp"
#include "launcher/program/container.hpp"
#include "launcher/program/enter.hpp"
#include "launcher/program/mount_change.hpp"

#include <linux/sched.h>

namespace dunnage::launcher {
namespace {

/// The clone shares our memory and runs beside us on a stack of its slot: nothing is copied, and nothing of ours stops
/// while it works. Its failures it writes into its slot; that it got through we see by the status socket closing.
/// \param flags  of clone(2): the namespaces, and whether the memory is shared
/// \param container  whose cgroup it is born into
int clone_child(Slot& slot, uint64_t flags, void (*entry)(void*), const Slot& container) noexcept {
  int pair[2] = {-1, -1};
  long result = raw_syscall(__NR_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, as_argument(pair));
  if (result < 0) {
    return static_cast<int>(result);
  }
  slot.status = pair[0];
  slot.child_status = pair[1];
  // before there is a process: one nobody hears of would run on in a slot that others use again
  result = watch(launcher().epoll, slot.status, EPOLLIN, event_data(Role::Status, slot.index, slot.generation));
  if (result < 0) {
    (void)close_descriptor(pair[1]);
    close_and_clear(slot.status);
    return static_cast<int>(result);
  }
  slot.failure = {};
  slot.failure.mount = -1;
  int process = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD | flags;
  arguments.pidfd = reinterpret_cast<uint64_t>(&process);
  arguments.exit_signal = SIGCHLD;
  if (const int cgroup = unified_cgroup(container); cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<uint64_t>(cgroup);
  }
  arguments.stack = reinterpret_cast<uint64_t>(slot.stack);
  arguments.stack_size = sizeof slot.stack;
  result = kernel::clone_onto_stack(&arguments, entry, &slot);
  (void)close_descriptor(pair[1]);  // the number stays in the slot: the child has its own table, and reads it there
  if (result < 0) {
    close_and_clear(slot.status);
    return static_cast<int>(result);
  }
  slot.pid = static_cast<int>(result);
  slot.process = process;
  return 0;
}

}  // namespace

int start_container(Slot& slot) noexcept {
  if ((slot.request->flags & kAssemble) != 0) {
    return clone_child(slot, CLONE_VM, run_container, slot);
  }
  uint64_t namespaces = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
  namespaces |= slot.cgroup_count == 0 ? uint64_t{CLONE_NEWCGROUP} : 0;  // else it has to join them first
  if ((slot.request->flags & kHostNetwork) == 0 && slot.spare.network < 0) {
    namespaces |= CLONE_NEWNET;
  }
  return clone_child(slot, CLONE_VM | namespaces, run_container, slot);
}

int start_exec(Slot& slot, int own_process) noexcept {
  // Tracing what has no dumpable memory takes CAP_SYS_PTRACE in the user namespace of the launcher, and so does reading
  // it: the kernel refuses both to a container without. In others what shares our memory must not be seen.
  if (may_trace(*slot.container)) {
    slot.entrance = make_entrance();
    return slot.entrance == nullptr ? -ENOMEM : clone_child(slot, 0, run_entrant, *slot.container);
  }
  long result = raw_syscall(__NR_setns, slot.container->process, CLONE_NEWPID);
  if (result < 0) {
    return static_cast<int>(result);
  }
  const int started = clone_child(slot, CLONE_VM, run_exec, *slot.container);
  result = raw_syscall(__NR_setns, own_process, CLONE_NEWPID);
  if (result < 0) {
    exit_process(1);  // children would be born in a foreign namespace from here on; our end takes all of them along
  }
  return started;
}

int start_mount_change(Slot& slot) noexcept {
  slot.failure = {};
  slot.failure.mount = -1;
  clone_args arguments{};
  arguments.flags = CLONE_VM;
  arguments.exit_signal = SIGCHLD;  // its end is all there is to hear of it
  arguments.stack = reinterpret_cast<uint64_t>(slot.stack);
  arguments.stack_size = sizeof slot.stack;
  const long result = kernel::clone_onto_stack(&arguments, run_mount_change, &slot);
  slot.pid = result > 0 ? static_cast<int>(result) : 0;
  return result < 0 ? static_cast<int>(result) : 0;
}

}  // namespace dunnage::launcher
