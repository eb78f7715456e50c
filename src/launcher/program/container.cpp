// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/container.hpp"

#include "launcher/program/cgroup.hpp"
#include "launcher/program/changes.hpp"
#include "launcher/program/enter.hpp"
#include "launcher/program/hold.hpp"
#include "launcher/program/pause.hpp"
#include "launcher/program/record.hpp"
#include "launcher/program/start.hpp"
#include "launcher/program/stock.hpp"
#include "launcher/program/transfer.hpp"

namespace dunnage::launcher {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kFirstDelay = 100 * kMillisecond;
constexpr int64_t kLongestDelay = 60'000 * kMillisecond;
constexpr int64_t kGoodRun = 10'000 * kMillisecond;  ///< a run this long begins the delays anew (Docker's rule)

bool restartable(const Slot& slot) noexcept {
  return (slot.request->flags & (kRestartAlways | kRestartOnFailure)) != 0;
}

bool starts_again(const Slot& slot) noexcept {
  if (slot.is_exec || slot.end_restart || !slot.mounts_held) {
    return false;
  }
  if ((slot.request->flags & kRestartAlways) != 0) {
    return true;
  }
  const bool failed = slot.exit_code != 0 || slot.exit_signal != 0;
  return (slot.request->flags & kRestartOnFailure) != 0 && failed &&
         (slot.request->max_retries == 0 || slot.restart_count < slot.request->max_retries);
}

void watch_logs(Slot& slot) noexcept {
  constexpr Role kRoles[] = {Role::LogOut, Role::LogErr};
  for (unsigned stream = 0; stream < 2; ++stream) {
    if (slot.logs[stream].read_end >= 0) {
      (void)watch(launcher().epoll, slot.logs[stream].read_end, EPOLLIN,
                  event_data(kRoles[stream], slot.index, slot.generation));
    }
  }
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
}

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
    slot.spare = take_spare((slot.request->flags & kHostNetwork) == 0);
  }
  int result = slot.is_exec ? start_exec(slot, launcher().own_process) : start_container(slot);
  if (result >= 0) {
    launcher().entering += slot.entrance != nullptr ? 1 : 0;
    launcher().slots.remember_pid(slot);
    result = watch(launcher().epoll, slot.status, EPOLLIN, event_data(Role::Status, slot.index, slot.generation));
  }
  failure.step = Step::StartProcess;
  failure.error = result < 0 ? -result : 0;
  return failure;
}

void reap_failed(Slot& slot) noexcept {
  int status = 0;
  (void)wait_child(slot.pid, &status, 0);
  launcher().slots.forget_pid(slot);
  close_and_clear(slot.process);
}

void report_started(Slot& slot) noexcept {
  const Message message = describe(slot, MessageKind::Started);
  slot.started_once = true;
  if (slot.channel < 0) {
    return;
  }
  const bool terminal = slot.terminal >= 0 && (slot.request->flags & kLogTerminal) == 0;
  (void)send_message(slot.channel, &message, sizeof message, slot.process);
  if (terminal) {
    (void)send_message(slot.channel, &message, sizeof message, slot.terminal);
    close_and_clear(slot.terminal);
  }
}

/// A waiter must find the volumes free when it hears of the end. Unlocking goes before closing: a forked copy of the
/// host may hold copies of the descriptors for as long as it lives.
void release_locks(Slot& slot) noexcept {
  constexpr long kUnlock = 8;  // LOCK_UN
  const LaunchPayload& request = *slot.request;
  for (uint32_t index = 0; request.first_lock >= 0 && index < request.lock_count; ++index) {
    const uint32_t number = static_cast<uint32_t>(request.first_lock) + index;
    if (number < slot.descriptor_count && slot.descriptors[number] >= 0) {
      struct flock unlock {};
      unlock.l_type = F_UNLCK;
      (void)control_descriptor(slot.descriptors[number], F_OFD_SETLK, as_argument(&unlock));
      (void)raw_syscall(__NR_flock, slot.descriptors[number], kUnlock);  // that of a directory is of the other kind
      close_and_clear(slot.descriptors[number]);
    }
  }
}

void finish(Slot& slot) noexcept {
  for (unsigned stream = 0; stream < 3; ++stream) {
    while (copy_log(slot, stream)) {
    }
  }
  const Message message = describe(slot, MessageKind::Exited);
  remove_cgroups(slot);
  release_held(slot);
  const int32_t root = slot.request->rootfs;
  if (root >= 0 && static_cast<uint32_t>(root) < slot.descriptor_count && (slot.request->flags & kRemoveChanges) == 0) {
    close_and_clear(slot.descriptors[root]);  // what is kept may be mounted again by whoever hears of the end
  }
  if (!slot.is_exec) {
    write_state(slot, ContainerState::Exited);
    release_locks(slot);
    remove_anonymous_volumes(slot);
    remove_record(slot);
  }
  if (slot.channel >= 0) {
    (void)send_message(slot.channel, &message, sizeof message, -1);
  }
  notify_connections(slot, message);
  close_connections(slot);
  if (!slot.is_exec) {
    discard_changes(slot);
  }
  launcher().slots.give_back(slot);
}

void schedule(Slot& slot) noexcept {
  remove_cgroups(slot);
  const int64_t now = now_monotonic();
  if (now - slot.started_monotonic >= kGoodRun || slot.delay == 0) {
    slot.delay = kFirstDelay;
  } else {
    slot.delay = slot.delay * 2 > kLongestDelay ? kLongestDelay : slot.delay * 2;
  }
  slot.next_start = now + slot.delay;
  slot.life = Life::Restarting;
  launcher().any_restarting = true;
  write_state(slot, ContainerState::Restarting);
}

/// The program is executed.
void run(Slot& slot) noexcept {
  note(slot, kExecuted);
  slot.life = Life::Running;
  slot.started_at = now_realtime();
  slot.started_monotonic = now_monotonic();
  slot.paused = false;
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
  if (!slot.is_exec && is_stock_empty()) {
    refill_stock();
  }
}

}  // namespace

Launcher& launcher() noexcept {
  static Launcher instance;
  return instance;
}

Message describe(const Slot& slot, MessageKind kind) noexcept {
  Message message;
  message.kind = kind;
  message.restart_count = slot.restart_count;
  message.exit_code = slot.exit_code;
  message.exit_signal = slot.exit_signal;
  message.oom_killed = slot.oom_killed ? 1 : 0;
  message.started_at = slot.started_at;
  message.finished_at = slot.finished_at;
  __builtin_memcpy(message.reached, slot.reached, sizeof message.reached);
  message.has_terminal = slot.terminal >= 0 && (slot.request->flags & kLogTerminal) == 0 ? 1 : 0;
  message.state = slot.life == Life::Restarting ? ContainerState::Restarting
                  : slot.life == Life::Running  ? (slot.paused ? ContainerState::Paused : ContainerState::Running)
                                                : ContainerState::Created;
  return message;
}

void abandon(Slot& slot, const Failure& failure) noexcept {
  Message message;
  message.kind = MessageKind::Failed;
  message.failure = failure;
  remove_cgroups(slot);
  if (slot.channel >= 0) {
    (void)send_message(slot.channel, &message, sizeof message, -1);
  }
  if (slot.request != nullptr) {
    release_held(slot);
    close_connections(slot);
  }
  launcher().slots.give_back(slot);
}

void begin(Slot& slot) noexcept {
  Failure failure;
  failure.step = Step::ReceiveRequest;
  if (!relocate(slot)) {
    failure.error = EBADMSG;
    abandon(slot, failure);
    return;
  }
  note(slot, kReceived);
  slot.is_exec = (slot.request->flags & kExec) != 0;
  slot.detached = (slot.request->flags & kDetached) != 0;
  failure.error = -open_logs(slot);
  if (failure.error == 0 && !slot.is_exec && restartable(slot)) {
    failure = hold_mounts(slot);
  }
  if (failure.error == 0) {
    failure = start(slot);
  }
  if (failure.error != 0) {
    abandon(slot, failure);
    return;
  }
  watch_logs(slot);
  const int control = descriptor_of(slot, slot.request->control);
  if (control >= 0) {
    (void)watch(launcher().epoll, control, EPOLLIN, event_data(Role::Control, slot.index, slot.generation));
  }
}

void on_status(Slot& slot) noexcept {
  Message message;
  Descriptors descriptors;
  const long size = receive_message(slot.status, &message, sizeof message, descriptors, MSG_DONTWAIT);
  if (size > 0 && descriptors.count == 1) {
    close_and_clear(slot.terminal);
    slot.terminal = descriptors.values[0];
    return;
  }
  if (size == -EAGAIN || size == -EINTR) {
    return;
  }
  unwatch(launcher().epoll, slot.status);
  close_and_clear(slot.status);
  if (slot.entrance != nullptr) {
    return;  // the end of a process tells how it went
  }
  if (slot.failure.error != 0) {
    const Failure failure = slot.failure;
    reap_failed(slot);
    if (!slot.started_once) {
      abandon(slot, failure);
      return;
    }
    slot.exit_code = failure.step == Step::Execute && failure.error == EACCES ? 126 : 127;
    slot.exit_signal = 0;
    slot.finished_at = now_realtime();
    if (starts_again(slot)) {
      schedule(slot);
    } else {
      finish(slot);
    }
    return;
  }
  run(slot);
}

void on_entered(Slot& slot) noexcept {
  for (int message = 0; slot.status >= 0 && message < 2; ++message) {
    on_status(slot);  // a terminal, perhaps
  }
  --launcher().entering;
  Failure failure = failure_of(*slot.entrance);
  launcher().slots.forget_pid(slot);
  close_and_clear(slot.process);
  const int born = slot.entrance->born;
  if (failure.error == 0) {
    slot.process = static_cast<int>(raw_syscall(__NR_pidfd_open, born, 0));
    failure.step = Step::StartProcess;
    failure.error = slot.process < 0 ? -slot.process : 0;
  }
  if (failure.error != 0) {
    if (born > 0) {
      (void)raw_syscall(__NR_kill, born, SIGKILL);  // it is ours, and nobody has waited for it
    }
    abandon(slot, failure);
    return;
  }
  remove_entrance(slot.entrance);
  slot.pid = born;
  launcher().slots.remember_pid(slot);
  run(slot);
  if (slot.channel < 0 && !slot.detached) {  // its host let go of it before it was there
    (void)signal_process(slot.process, SIGKILL);
  }
}

Slot* find_entered(int pid) noexcept {
  Launcher& self = launcher();
  for (uint32_t index = 0; index < self.slots.count(); ++index) {
    Slot* slot = self.slots.at(index);
    if (slot->life == Life::Starting && slot->entrance != nullptr &&
        (slot->pid == pid || slot->entrance->born == pid)) {
      return slot;
    }
  }
  return nullptr;
}

void on_exit(Slot& slot, int wait_status) noexcept {
  if (slot.status >= 0) {
    on_status(slot);  // a terminal, perhaps
    if (slot.status >= 0) {
      on_status(slot);
    }
    if (slot.life != Life::Running) {
      return;  // it never ran; on_status() has dealt with it
    }
  }
  launcher().slots.forget_pid(slot);
  close_and_clear(slot.process);
  release_freezer(slot);
  slot.exit_signal = wait_status & 0x7f;
  slot.exit_code = slot.exit_signal == 0 ? wait_status >> 8U & 0xff : 0;
  slot.oom_killed = is_oom_killed(slot);
  slot.finished_at = now_realtime();
  if (starts_again(slot)) {
    for (unsigned stream = 0; stream < 3; ++stream) {
      while (copy_log(slot, stream)) {
      }
    }
    schedule(slot);
  } else {
    finish(slot);
  }
}

void on_channel_closed(Slot& slot) noexcept {
  if (slot.life == Life::Receiving) {
    launcher().slots.give_back(slot);
    return;
  }
  unwatch(launcher().epoll, slot.channel);
  close_and_clear(slot.channel);
  if (slot.detached) {
    return;
  }
  slot.end_restart = true;
  if (slot.entrance != nullptr && slot.entrance->born > 0) {
    (void)raw_syscall(__NR_kill, slot.entrance->born, SIGKILL);
  }
  if (slot.life == Life::Restarting) {
    finish(slot);
  } else if (slot.process >= 0) {
    (void)signal_process(slot.process, SIGKILL);
  }
}

void on_log(Slot& slot, unsigned stream) noexcept {
  if (!copy_log(slot, stream) && stream == 2) {
    unwatch(launcher().epoll, slot.terminal);  // the terminal's last user is gone (EIO)
  }
}

void kill_all_with_host() noexcept {
  Launcher& self = launcher();
  self.host_gone = true;
  for (uint32_t index = 0; index < self.slots.count(); ++index) {
    Slot& slot = *self.slots.at(index);
    if (slot.life != Life::Free && !slot.detached && slot.channel >= 0) {
      on_channel_closed(slot);
    }
  }
}

int start_due() noexcept {
  Launcher& self = launcher();
  if (!self.any_restarting) {
    return -1;
  }
  self.any_restarting = false;
  int64_t next = -1;
  const int64_t now = now_monotonic();
  for (uint32_t index = 0; index < self.slots.count(); ++index) {
    Slot& slot = *self.slots.at(index);
    if (slot.life != Life::Restarting) {
      continue;
    }
    if (slot.end_restart) {
      finish(slot);
    } else if (slot.next_start <= now) {
      ++slot.restart_count;
      if (start(slot).error != 0) {
        schedule(slot);
      }
    } else {
      self.any_restarting = true;
      next = next < 0 || slot.next_start < next ? slot.next_start : next;
    }
  }
  return next < 0 ? -1 : static_cast<int>((next - now) / kMillisecond) + 1;
}

}  // namespace dunnage::launcher
