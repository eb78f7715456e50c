// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/enter.hpp"

#include "launcher/program/cgroup.hpp"
#include "launcher/program/child.hpp"
#include "launcher/program/forget.hpp"
#include "launcher/program/fork.hpp"
#include "launcher/program/read_back.hpp"
#include "launcher/program/start.hpp"

#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/ioctl.h>

namespace dunnage::launcher {
namespace {

constexpr long kDontFork = 10;  // MADV_DONTFORK

/// Of the launcher's descriptors what is needed from here on: who waits for the end of a socket must see it.
void close_others(const Slot& slot) noexcept {
  const LaunchPayload& request = *slot.request;
  const int kept[] = {0,
                      1,
                      2,  // no other descriptor may get these numbers
                      slot.container->process,
                      slot.child_status,
                      slot.logs[0].write_end,
                      slot.logs[1].write_end,
                      descriptor_of(slot, request.in),
                      descriptor_of(slot, request.out),
                      descriptor_of(slot, request.err)};
  close_all_but(kept, sizeof kept / sizeof kept[0]);
}

/// What ran on this stack before is below; a function of its own, so that what its callers have is above.
[[gnu::noinline]] void clear_stack(Slot& slot) noexcept {
  constexpr size_t kCall = 512;  // that of clearing it
  const auto* frame = static_cast<const uint8_t*>(__builtin_frame_address(0));
  __builtin_memset(slot.stack, 0, static_cast<size_t>(frame - slot.stack) - kCall);
}

/// Everything of the launcher's memory but what this program is started with.
void forget_others(Child& child) noexcept {
  const Slot& slot = child.slot;
  const Kept kept[] = {{&slot, sizeof slot},
                       {slot.payload, slot.payload_mapped},
                       {slot.descriptors, slot.descriptors_expected * sizeof(int)},
                       {slot.entrance, sizeof *slot.entrance}};
  require(child, Step::JoinNamespaces, forget_all_but(kept, sizeof kept / sizeof kept[0]));
  clear_stack(child.slot);
  // where it writes for the launcher must not be seen inside
  require(child, Step::JoinNamespaces,
          raw_syscall(__NR_madvise, as_argument(slot.entrance), Entrance::kHalf, kDontFork));
}

/// The first that runs where it can be traced. A session's leader it can become only here.
[[noreturn]] void be_born(Child& child) noexcept {
  child.failure = &child.slot.entrance->refusal;
  require(child, Step::EnterProcesses, raw_syscall(__NR_setsid));
  if ((child.slot.request->flags & kTerminal) != 0) {
    require(child, Step::OpenTerminal, raw_syscall(__NR_ioctl, 0, TIOCSCTTY, 0));
  }
  execute(child);
}

}  // namespace

Entrance* make_entrance() noexcept {
  constexpr long kReadWrite = 3;
  constexpr long kSharedAnonymous = 0x21;
  const long result = raw_syscall(__NR_mmap, 0, sizeof(Entrance), kReadWrite, kSharedAnonymous, -1, 0);
  return result < 0 && result > -4096 ? nullptr : reinterpret_cast<Entrance*>(result);
}

void remove_entrance(Entrance*& entrance) noexcept {
  if (entrance != nullptr) {
    unmap_memory(entrance, sizeof *entrance);
    entrance = nullptr;
  }
}

bool may_trace(const Slot& container) noexcept { return (container.request->capabilities >> CAP_SYS_PTRACE & 1U) != 0; }

void run_entrant(void* argument) noexcept {
  const Surroundings surroundings = get_surroundings();
  Child child{*static_cast<Slot*>(argument), surroundings};
  child.failure = &child.slot.entrance->failure;
  const int container = child.slot.container->process;
  join_cgroups(child, *child.slot.container);
  close_others(child.slot);
  forget_others(child);
  // of the namespace of processes it is no member: what it gives birth to is
  constexpr long kNamespaces =
      CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWPID;
  (void)raw_syscall(__NR_setsid);
  (void)raw_syscall(__NR_umask, 022);
  begin_read_back(child);
  require(child, Step::JoinNamespaces, raw_syscall(__NR_setns, container, kNamespaces));
  read_back_entry(child);
  require(child, Step::JoinNamespaces, raw_syscall(__NR_chdir, as_argument("/")));
  if ((child.slot.request->flags & kTerminal) != 0) {
    open_terminal(child);
  } else {
    connect_streams(child);
  }
  (void)close_descriptor(child.slot.child_status);  // what is born has the streams only
  become_user(child);
  // The filter is loaded, as what is born could not load it without a right that would be caught with it; the old call,
  // because profiles forbid the new one, whose arguments they cannot see. The kernel writes the pid before it runs.
  constexpr unsigned long kFlags = CLONE_PARENT | CLONE_VFORK | CLONE_PARENT_SETTID | SIGCHLD;
  const long born = raw_syscall(__NR_clone, kFlags, 0, as_argument(&child.slot.entrance->born), 0, 0);
  if (born == 0) {
    be_born(child);
  }
  require(child, Step::EnterProcesses, born);
  exit_process(0);
}

Failure failure_of(const Entrance& entrance) noexcept {
  Failure failure;
  if (entrance.failure.error != 0) {
    failure = entrance.failure;
  } else if (entrance.born == 0) {  // its own filter has killed it
    failure.step = Step::EnterProcesses;
    failure.error = EPERM;
  } else if (const int error = __atomic_load_n(&entrance.refusal.error, __ATOMIC_RELAXED); error != 0) {
    Step step{};
    __atomic_load(&entrance.refusal.step, &step, __ATOMIC_RELAXED);  // clang knows the other form for integers only
    failure.step = step == Step::OpenTerminal || step == Step::EnterProcesses ? step : Step::Execute;
    failure.error = error > 0 && error < 4096 ? error : EPERM;
  }
  failure.mount = -1;
  return failure;
}

}  // namespace dunnage::launcher
