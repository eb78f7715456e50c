// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/begin.hpp"

#include "launcher/program/cgroup.hpp"
#include "launcher/program/container.hpp"
#include "launcher/program/enter.hpp"
#include "launcher/program/finish.hpp"
#include "launcher/program/hold.hpp"
#include "launcher/program/mount_change.hpp"
#include "launcher/program/named_source.hpp"
#include "launcher/program/record.hpp"
#include "launcher/program/restart.hpp"
#include "launcher/program/start.hpp"
#include "launcher/program/stock.hpp"
#include "launcher/program/transfer.hpp"

namespace dunnage::launcher {
namespace {

/// Without its events a container's log would never be read, and nobody else be heard. \return 0 or -errno
int watch_others(const Slot& slot) noexcept {
  constexpr Role kRoles[] = {Role::LogOut, Role::LogErr, Role::Control};
  const int watched[] = {slot.logs[0].read_end, slot.logs[1].read_end, descriptor_of(slot, slot.request->control)};
  int result = 0;
  for (unsigned index = 0; index < 3; ++index) {
    if (watched[index] >= 0 && result >= 0) {
      result = watch(launcher().epoll, watched[index], EPOLLIN, event_data(kRoles[index], slot.index, slot.generation));
    }
  }
  return result;
}

/// Once the program runs it has its own copies. Locks, the record's descriptors and, for another start, the streams
/// stay.
void close_consumed(Slot& slot) noexcept {
  close_spare(slot.spare);
  const LaunchPayload& request = *slot.request;
  Closing closing;
  for (uint32_t index = 0; index < slot.descriptor_count; ++index) {
    const auto number = static_cast<int32_t>(index);
    const bool lock = request.first_lock >= 0 && number >= request.first_lock &&
                      number < request.first_lock + static_cast<int32_t>(request.lock_count);
    const bool record = number == request.record || number == request.containers || number == request.volumes ||
                        number == request.trash || number == request.changes || number == request.control ||
                        number == request.log;
    const bool stream = number == request.in || number == request.out || number == request.err;
    // the last who holds an overlay takes it apart, which nobody should have to wait for; see finish()
    const bool root = number == request.rootfs && (request.flags & kRemoveChanges) != 0;
    const bool again = stream || number == request.begins_with || number == request.places;
    if (slot.descriptors[index] >= 0 && !lock && !record && !root && !(again && slot.mounts_held)) {
      closing.add(slot.descriptors[index]);
    }
  }
  closing.finish();
  for (AddedMount* added = slot.added; added != nullptr; added = added->next) {
    close_and_clear(added->mount);
  }
}

/// Nobody has a handle of it, and who launched it would wait for its answer until the launch is given up.
void refuse_unreported(Slot& slot, int error) noexcept {
  Message message;
  message.kind = MessageKind::Failed;
  message.failure.step = Step::ReceiveDescriptors;
  message.failure.error = error;
  if (deliver_message(slot.channel, &message, sizeof message, -1) < 0) {
    (void)raw_syscall(__NR_shutdown, slot.channel, 2);  // at least it hears that there is no answer
  }
  slot.end_restart = true;
  (void)signal_process(slot.process, SIGKILL);
}

void report_started(Slot& slot) noexcept {
  const Message message = describe(slot, MessageKind::Started);
  slot.started_once = true;
  if (slot.channel < 0) {
    return;
  }
  const bool terminal = slot.terminal >= 0 && (slot.request->flags & kLogTerminal) == 0;
  long sent = deliver_message(slot.channel, &message, sizeof message, slot.process);
  if (terminal) {
    sent = sent < 0 ? sent : deliver_message(slot.channel, &message, sizeof message, slot.terminal);
    close_and_clear(slot.terminal);
  }
  if (sent < 0) {
    refuse_unreported(slot, static_cast<int>(-sent));
  }
}

}  // namespace

Failure start(Slot& slot) noexcept {
  slot.life = Life::Starting;
  slot.oom_killed = false;
  Failure failure;
  if (slot.mounts_held) {
    failure = clone_held(slot);
    if (failure.error != 0) {
      return failure;
    }
  }
  if (!slot.is_exec && slot.settings.cgroups.count > 0) {
    failure = make_cgroups(slot);
    if (failure.error != 0) {
      return failure;
    }
  }
  if (!slot.is_exec && (slot.request->flags & (kAssemble | kTemplate)) == 0) {
    close_spare(slot.spare);  // of a start that failed
    slot.spare = take_spare((slot.request->flags & kHostNetwork) == 0);
  }
  int result = slot.is_exec ? start_exec(slot, launcher().own_process) : start_container(slot);
  if (result >= 0) {
    launcher().entering += slot.entrance != nullptr ? 1 : 0;
    launcher().slots.remember_pid(slot);
  }
  failure.step = Step::StartProcess;
  failure.error = result < 0 ? -result : 0;
  return failure;
}

/// The program is executed.
void run(Slot& slot) noexcept {
  note(slot, kExecuted);
  slot.life = Life::Running;
  slot.started_at = now_realtime();
  slot.started_monotonic = now_monotonic();
  slot.paused = slot.paused_by_loss = false;
  if (slot.terminal >= 0 && (slot.request->flags & kLogTerminal) != 0) {
    (void)control_descriptor(slot.terminal, F_SETFL, O_NONBLOCK | O_RDWR);
    (void)watch(launcher().epoll, slot.terminal, EPOLLIN, event_data(Role::Terminal, slot.index, slot.generation));
  }
  if (!slot.is_exec) {
    write_state(slot, ContainerState::Running);
  }
  if (!slot.started_once) {
    report_started(slot);
  }
  close_consumed(slot);
  follow_names(slot);
  if (!slot.is_exec && is_stock_empty()) {
    refill_stock();
  }
}

void begin(Slot& slot) noexcept {
  Failure failure;
  failure.step = Step::ReceiveRequest;
  if (!relocate(slot)) {
    failure.error = EBADMSG;
    abandon(slot, failure);
    return;
  }
  if (changes_mounts(slot) && slot.container != nullptr) {
    begin_mount_change(slot);
    return;
  }
  note(slot, kReceived);
  slot.is_exec = (slot.request->flags & kExec) != 0;
  slot.detached = (slot.request->flags & kDetached) != 0;
  failure.error = -open_logs(slot);
  if (failure.error == 0) {
    failure.step = Step::OpenEvents;
    failure.error = -watch_others(slot);
  }
  if (failure.error == 0 && !slot.is_exec && restartable(slot)) {
    failure = hold_mounts(slot);
  }
  if (failure.error == 0 && !slot.is_exec) {
    failure = make_named_sources(slot);
  }
  if (failure.error == 0) {
    failure = start(slot);
  }
  if (failure.error != 0) {
    abandon(slot, failure);
  }
}

}  // namespace dunnage::launcher
