// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/container.hpp"

#include "launcher/program/begin.hpp"
#include "launcher/program/cgroup.hpp"
#include "launcher/program/enter.hpp"
#include "launcher/program/finish.hpp"
#include "launcher/program/mount_change.hpp"
#include "launcher/program/named_source.hpp"
#include "launcher/program/pause.hpp"
#include "launcher/program/record.hpp"
#include "launcher/program/restart.hpp"
#include "launcher/program/transfer.hpp"

namespace dunnage::launcher {
namespace {

void reap_failed(Slot& slot) noexcept {
  int status = 0;
  (void)wait_child(slot.pid, &status, 0);
  launcher().slots.forget_pid(slot);
  close_and_clear(slot.process);
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
  if (kind == MessageKind::Exited && slot.loss_words != nullptr) {
    message.failure = slot.loss;
    message.payload_size = static_cast<uint32_t>(text_size(slot.loss_words));
  }
  __builtin_memcpy(message.reached, slot.reached, sizeof message.reached);
  message.has_terminal = slot.terminal >= 0 && (slot.request->flags & kLogTerminal) == 0 ? 1 : 0;
  message.state = slot.life == Life::Restarting ? ContainerState::Restarting
                  : slot.life == Life::Running  ? (slot.paused ? ContainerState::Paused : ContainerState::Running)
                                                : ContainerState::Created;
  return message;
}

void on_status(Slot& slot) noexcept {
  if (slot.status < 0) {
    return;  // the end of the process was heard of before, with the same call, and it may be about to start again
  }
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
  settle_status(slot);
}

void settle_status(Slot& slot) noexcept {
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
    refuse_start(slot, failure.step == Step::Execute && failure.error == EACCES ? 126 : 127);
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
  if (slot.looks_for != nullptr) {
    settle_look(slot);
    return;
  }
  if (changes_mounts(slot)) {
    settle_mount_change(slot);
    return;
  }
  if (slot.status >= 0) {
    on_status(slot);  // a terminal, perhaps
    if (slot.status >= 0) {
      on_status(slot);
    }
    if (slot.status >= 0) {
      settle_status(slot);  // somebody has a copy of its end for a moment longer; it says nothing more itself
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
  release_broker();
  for (uint32_t index = 0; index < self.slots.count(); ++index) {
    Slot& slot = *self.slots.at(index);
    // what another program runs in a container that stays ends with that program, whose channel says so
    if (slot.life != Life::Free && !slot.detached && !slot.of_another && slot.channel >= 0) {
      on_channel_closed(slot);
    }
  }
}

}  // namespace dunnage::launcher
