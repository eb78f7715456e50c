// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/loop.hpp"

#include "kernel/read_back.hpp"
#include "launcher/program/broker.hpp"
#include "launcher/program/cgroup_tree.hpp"
#include "launcher/program/changes.hpp"
#include "launcher/program/container.hpp"
#include "launcher/program/limits.hpp"
#include "launcher/program/named_source.hpp"
#include "launcher/program/park.hpp"
#include "launcher/program/request.hpp"
#include "launcher/program/restart.hpp"
#include "launcher/program/settle.hpp"
#include "launcher/program/source_loss.hpp"
#include "launcher/program/start.hpp"
#include "launcher/program/stock.hpp"
#include "launcher/program/work.hpp"

#include <linux/wait.h>

namespace dunnage::launcher {
namespace {

constexpr uint64_t kNumberMask = 0x0fffffffU;
constexpr int kQuietMoment = 10;  ///< milliseconds without an event

/// A process that was born in a container from outside is held by a pidfd before it is waited for: afterwards its pid
/// says nothing. Returns the pid that can be waited for, 0 if there is none.
int settle_entered() noexcept {
  siginfo_t information{};
  (void)raw_syscall(__NR_waitid, P_ALL, 0, as_argument(&information), WEXITED | WNOHANG | WNOWAIT, 0);
  if (Slot* slot = information.si_pid > 0 ? find_entered(information.si_pid) : nullptr) {
    on_entered(*slot);
  }
  return information.si_pid;
}

void reap() noexcept {
  for (;;) {
    int status = 0;
    const int any = launcher().entering > 0 ? settle_entered() : -1;
    const int pid = any == 0 ? 0 : wait_child(any, &status, WNOHANG);
    if (pid <= 0) {
      return;
    }
    if (Slot* slot = launcher().slots.find_pid(pid)) {
      on_exit(*slot, status);
    } else {
      forget_deleter(pid);
    }
  }
}

void on_socket() noexcept {
  uint8_t* buffer = message_buffer();
  Descriptors descriptors;
  const long size = receive_message(kSocketDescriptor, buffer, kMessageBuffer, descriptors, MSG_DONTWAIT);
  if (size == -EAGAIN || size == -EINTR) {
    return;
  }
  if (size == 0 || (size < 0 && size != -EMFILE && size != -EMSGSIZE)) {
    unwatch(launcher().epoll, kSocketDescriptor);
    kill_all_with_host();
    return;
  }
  if (size < static_cast<long>(sizeof(Message))) {
    descriptors.close_all();  // the channel is among them: its other end sees the end of it
    return;
  }
  Message message;
  __builtin_memcpy(&message, buffer, sizeof message);
  const bool fits =
      message.payload_in_memfd != 0 || message.payload_size == static_cast<uint32_t>(size) - sizeof message;
  if (message.kind == MessageKind::Launch && fits) {
    receive_request(message, buffer + sizeof message, descriptors, nullptr, false);
  } else if (message.kind == MessageKind::Work && fits && message.payload_in_memfd == 0) {
    start_work(message, buffer + sizeof message, descriptors);
  } else if (message.kind == MessageKind::KeepReady) {
    keep_ready(message, descriptors);
  } else {
    descriptors.close_all();
  }
}

void on_slot_event(Role role, Slot& slot, uint32_t events) noexcept {
  switch (role) {
    case Role::Channel:
      if (!obey(slot, slot.channel) || (events & EPOLLIN) == 0) {
        on_channel_closed(slot);
      }
      break;
    case Role::Status:
      on_status(slot);
      break;
    case Role::Control:
      accept_connection(slot);
      break;
    case Role::LogOut:
    case Role::LogErr:
      on_log(slot, role == Role::LogErr ? 1 : 0);
      break;
    case Role::Terminal:
      on_log(slot, 2);
      break;
    default:
      break;
  }
}

void dispatch(const epoll_event& event, int signals) noexcept {
  const auto role = static_cast<Role>(event.data.u64 >> 60U);
  const auto generation = static_cast<uint32_t>(event.data.u64 >> 32U & kNumberMask);
  const auto index = static_cast<uint32_t>(event.data.u64);
  switch (role) {
    case Role::Socket:
      on_socket();
      return;
    case Role::Host:
      unwatch(launcher().epoll, kHostDescriptor);
      kill_all_with_host();
      return;
    case Role::Signals: {
      uint8_t information[128];  // struct signalfd_siginfo; that there was one is all there is to know
      (void)read_bytes(signals, information, sizeof information);  // SIGCHLD alone, of which one at most is pending
      reap();
      return;
    }
    case Role::Names:
      read_names();
      return;
    case Role::Connection:
      on_connection(index, generation);
      return;
    default:
      break;
  }
  Slot* slot = launcher().slots.at(index);
  if (slot != nullptr && slot->life != Life::Free && (slot->generation & kNumberMask) == generation) {
    on_slot_event(role, *slot, event.events);
  }
}

/// Of two timeouts as epoll_wait(2) takes them; less than 0: never.
int sooner(int left, int right) noexcept { return left < 0 || (right >= 0 && right < left) ? right : left; }

int open_signals() noexcept {
  const uint64_t all = ~uint64_t{0};
  (void)raw_syscall(__NR_rt_sigprocmask, SIG_SETMASK, as_argument(&all), 0, 8);
  const uint64_t child = uint64_t{1} << (SIGCHLD - 1U);
  return static_cast<int>(raw_syscall(__NR_signalfd4, -1, as_argument(&child), 8, O_CLOEXEC | O_NONBLOCK));
}

/// false where it cannot be told: a launcher that ends is noticed at once, one that is silent is waited for.
bool answer_host(const Failure& failure) noexcept {
  Message message;
  message.kind = MessageKind::Answer;
  message.failure = failure;
  return deliver_message(kSocketDescriptor, &message, sizeof message, -1) >= 0;
}

/// Asked once and not at each launch; a /sys that cannot be seen here does not say no.
bool has_thermal_throttle() noexcept {
  const int processor = open_at(AT_FDCWD, "/sys/devices/system/cpu/cpu0", O_PATH | O_DIRECTORY);
  if (processor < 0) {
    return true;
  }
  const int directory = open_at(processor, "thermal_throttle", O_PATH | O_DIRECTORY);
  (void)close_descriptor(processor);
  if (directory >= 0) {
    (void)close_descriptor(directory);
  }
  return directory != -ENOENT;
}

Failure set_up(int signals) noexcept {
  Launcher& self = launcher();
  Configuration configuration;
  const int broker_socket = receive_configuration(configuration, self.broker);
  if (broker_socket < -1) {
    exit_process(0);  // the host is gone, or it gave up
  }
  Surroundings surroundings;
  surroundings.rootless = configuration.rootless != 0;
  surroundings.single_id = configuration.single_id != 0;
  surroundings.filtered = kernel::may_be_answered_for();
  surroundings.thermal_throttle = has_thermal_throttle();
  Failure failure = settle(surroundings);
  failure = failure.error != 0 ? failure : take_limits(surroundings.descriptors);
  if (broker_socket >= 0) {
    failure = failure.error != 0 ? failure : start_broker(broker_socket, self.broker);
    (void)close_descriptor(broker_socket);
  }
  if (failure.error == 0) {
    failure = park(surroundings.rootless, surroundings.empty_mounts);
  }
  set_surroundings(surroundings);
  if (failure.error == 0) {
    failure.error = -start_stock(get_surroundings());
  }
  constexpr int kEpollCloseOnExec = O_CLOEXEC;
  self.epoll = static_cast<int>(raw_syscall(__NR_epoll_create1, kEpollCloseOnExec));
  self.own_process = static_cast<int>(raw_syscall(__NR_pidfd_open, raw_syscall(__NR_getpid), 0));
  const int host = watch(self.epoll, kHostDescriptor, EPOLLIN, event_data(Role::Host, 0, 0));
  const int ends = watch(self.epoll, signals, EPOLLIN, event_data(Role::Signals, 0, 0));
  const int requests = watch(self.epoll, kSocketDescriptor, EPOLLIN, event_data(Role::Socket, 0, 0));
  for (const int result : {signals, self.epoll, self.own_process, host, ends, requests}) {
    if (failure.error == 0 && result < 0) {  // it would never hear of an end, or of a wish
      failure.step = Step::OpenEvents;
      failure.error = -result;
    }
  }
  return failure;
}

}  // namespace

void run_loop() noexcept {
  const int signals = open_signals();
  const Failure failure = set_up(signals);
  if (!answer_host(failure) || failure.error != 0) {
    return;
  }
  Launcher& self = launcher();
  while (!self.host_gone || self.slots.live() > self.given_up) {
    epoll_event events[64];
    const int timeout = sooner(sooner(start_due(), start_looks()), kill_overdue());
    if (self.host_gone && self.slots.live() == self.given_up) {
      break;
    }
    const bool make_ahead = is_stock_wanted();
    const bool busy = make_ahead || any_discarded();
    const int count = wait_for_events(self.epoll, events, 64, busy ? sooner(timeout, kQuietMoment) : timeout);
    if (count == 0 && make_ahead) {
      refill_stock();
    }
    if (count == 0 && any_discarded()) {
      delete_changes();
    }
    for (int index = 0; index < count; ++index) {
      dispatch(events[index], signals);
    }
  }
  remove_own_cgroups();
  finish_deleting();
}

}  // namespace dunnage::launcher
