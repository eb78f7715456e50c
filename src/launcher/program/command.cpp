// SPDX-License-Identifier: Apache-2.0
// What a handle, or another process of the same user, may ask of a container.

#include "launcher/detach.hpp"
#include "launcher/program/cgroup.hpp"
#include "launcher/program/container.hpp"
#include "launcher/program/pause.hpp"
#include "launcher/program/record.hpp"
#include "launcher/program/request.hpp"
#include "launcher/program/transfer.hpp"

#include <linux/un.h>

namespace dunnage::launcher {
namespace {

constexpr uint32_t kMostConnections = 4096;

struct Connection {
  int fd = 0;
  uint32_t slot = 0;
  uint32_t slot_generation = 0;
  uint32_t generation = 0;
  bool used = false;
  bool watches = false;  ///< is told of changed mounts, and asks for nothing
  int32_t lost = 0;      ///< of what it was to be told, as it reads too slowly
};

Connection connections[kMostConnections];

/// Who asked waits for it. Where the descriptor cannot be sent, the answer says so.
void send_answer(const Descriptors& descriptors, Message& message, int descriptor) noexcept {
  const long sent = deliver_message(descriptors.values[0], &message, sizeof message, descriptor);
  if (sent < 0 && descriptor >= 0) {
    message.failure.error = static_cast<int>(-sent);
    (void)deliver_message(descriptors.values[0], &message, sizeof message, -1);
  }
}

void answer(const Slot& slot, Descriptors& descriptors, int error) noexcept {
  if (descriptors.count == 0) {
    return;
  }
  Message message = describe(slot, MessageKind::Answer);
  message.failure.error = error;
  send_answer(descriptors, message, slot.process);
}

/// Where the container's first process has its root: the one link of /proc that is followed, by who knows that the
/// process is the container's, as its parent.
void answer_root(const Slot& slot, Descriptors& descriptors) noexcept {
  if (descriptors.count == 0) {
    return;
  }
  char number[24];
  char path[48] = "/proc/";
  const char* digits = write_number(static_cast<uint64_t>(slot.pid), 10, number);
  const size_t size = text_size(digits);
  __builtin_memcpy(path + 6, digits, size);
  __builtin_memcpy(path + 6 + size, "/root", 6);
  const bool running = slot.life == Life::Running && slot.pid > 0;
  const int root = running ? open_at(AT_FDCWD, path, O_PATH | O_DIRECTORY) : -ESRCH;
  Message message = describe(slot, MessageKind::Answer);
  message.failure.error = root == -ENOENT ? ESRCH : root < 0 ? -root : 0;
  send_answer(descriptors, message, root);
  if (root >= 0) {
    (void)close_descriptor(root);
  }
}

void answer_cgroup(const Slot& slot, Descriptors& descriptors, int number) noexcept {
  if (descriptors.count == 0) {
    return;
  }
  const bool running = slot.life == Life::Running;
  const bool known = running && number >= 0 && static_cast<uint32_t>(number) < slot.cgroup_count;
  Message message = describe(slot, MessageKind::Answer);
  message.failure.error = known ? 0 : running ? ENOENT : ESRCH;
  send_answer(descriptors, message, known ? slot.cgroups[number].directory : -1);
}

void answer_update(Slot& slot, Descriptors& descriptors, const uint8_t* payload, const Message& message) noexcept {
  const bool running = slot.life == Life::Running && !slot.is_exec && message.payload_in_memfd == 0;
  Message result = describe(slot, MessageKind::Answer);
  if (running) {
    result.failure = update_cgroups(slot, payload, message.payload_size);
  } else {
    result.failure.error = ESRCH;
  }
  if (descriptors.count > 0) {
    send_answer(descriptors, result, -1);
  }
}

}  // namespace

void send_signal(Slot& slot, int signal) noexcept {
  if (signal == SIGKILL) {
    slot.end_restart = true;
  }
  if (slot.process >= 0) {
    (void)signal_process(slot.process, signal);
  }
  // a paused program gets no other signal before it goes on: a stop would wait out its grace, and then kill
  if (slot.paused && signal != SIGKILL && slot.process >= 0 && resume_container(slot) == 0) {
    write_state(slot, ContainerState::Running);
  }
}

namespace {

/// The other end of the channel is a MountEvents.
void accept_watcher(const Slot& slot, Descriptors& descriptors) noexcept {
  if (descriptors.count == 0) {
    return;
  }
  const bool running = slot.life == Life::Running || slot.life == Life::Restarting;
  uint32_t index = 0;
  while (index < kMostConnections && connections[index].used) {
    ++index;
  }
  Message message = describe(slot, MessageKind::Answer);
  message.failure.error = !running ? ESRCH : index == kMostConnections ? EMFILE : 0;
  if (message.failure.error == 0) {
    message.failure.error = -watch(launcher().epoll, descriptors.values[0], EPOLLIN,
                                   event_data(Role::Connection, index, connections[index].generation + 1));
  }
  send_answer(descriptors, message, -1);
  if (message.failure.error == 0) {
    Connection& connection = connections[index];
    connection = {descriptors.values[0], slot.index, slot.generation, connection.generation + 1, true, true, 0};
    descriptors.values[0] = -1;
  }
}

void obey_one(Slot& slot, const Message& message, const uint8_t* payload, Descriptors& descriptors,
              bool of_another) noexcept {
  const bool running = slot.life == Life::Running;
  switch (message.kind) {
    case MessageKind::Signal:
      send_signal(slot, message.number);
      answer(slot, descriptors, running || message.number == SIGKILL ? 0 : ESRCH);
      break;
    case MessageKind::EndRestart:
      slot.end_restart = true;
      answer(slot, descriptors, 0);
      break;
    case MessageKind::Pause:
    case MessageKind::Resume: {
      const bool pause = message.kind == MessageKind::Pause;
      const int result = !running ? -ESRCH : pause ? pause_container(slot) : resume_container(slot);
      if (result == 0) {
        slot.paused_by_loss = false;  // from here on it is as who asked wants it
        write_state(slot, pause ? ContainerState::Paused : ContainerState::Running);
      }
      answer(slot, descriptors, -result);
      break;
    }
    case MessageKind::Query:
      answer(slot, descriptors, 0);
      break;
    case MessageKind::Root:
      answer_root(slot, descriptors);
      break;
    case MessageKind::Cgroup:
      answer_cgroup(slot, descriptors, message.number);
      break;
    case MessageKind::Update:
      answer_update(slot, descriptors, payload, message);
      break;
    case MessageKind::Detach:
      slot.detached = true;
      answer(slot, descriptors, 0);
      break;
    case MessageKind::KeepRecord:
      if (slot.request != nullptr) {
        slot.request->flags &= ~static_cast<uint32_t>(kRemoveRecord | kRemoveChanges);
      }
      answer(slot, descriptors, 0);
      break;
    case MessageKind::Watch:
      accept_watcher(slot, descriptors);
      break;
    case MessageKind::Exec:
      receive_request(message, payload, descriptors, &slot, of_another);
      return;  // the descriptors are the request's now
    default:
      break;
  }
  descriptors.close_all();
}

}  // namespace

bool obey(Slot& slot, int socket) noexcept {
  uint8_t* buffer = message_buffer();
  Descriptors descriptors;
  const long size = receive_message(socket, buffer, kMessageBuffer, descriptors, MSG_DONTWAIT);
  if (size == -EAGAIN || size == -EINTR || size == -EMFILE) {
    return true;  // who asks for what there are no descriptors for sees the end of its own channel
  }
  if (size < static_cast<long>(sizeof(Message))) {
    descriptors.close_all();
    return false;
  }
  Message message;
  __builtin_memcpy(&message, buffer, sizeof message);
  if (message.payload_in_memfd == 0 && message.payload_size != static_cast<uint32_t>(size) - sizeof message) {
    descriptors.close_all();
    return false;
  }
  if (message.kind == MessageKind::Descriptors && slot.life == Life::Receiving) {
    receive_descriptors(slot, descriptors);
    return true;
  }
  obey_one(slot, message, buffer + sizeof message, descriptors, socket != slot.channel);
  return true;
}

void accept_connection(Slot& slot) noexcept {
  const int control = descriptor_of(slot, slot.request->control);
  const int fd = static_cast<int>(raw_syscall(__NR_accept4, control, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd < 0) {
    return;
  }
  struct {
    int32_t pid;
    uint32_t uid;
    uint32_t gid;
  } peer{};
  uint32_t size = sizeof peer;
  const long known = raw_syscall(__NR_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, as_argument(&peer), as_argument(&size));
  const auto own = static_cast<uint32_t>(raw_syscall(__NR_geteuid));
  if (known < 0 || (peer.uid != own && peer.uid != 0)) {
    (void)close_descriptor(fd);
    return;
  }
  for (uint32_t index = 0; index < kMostConnections; ++index) {
    Connection& connection = connections[index];
    if (connection.used) {
      continue;
    }
    const Message message = describe(slot, MessageKind::Started);
    if (watch(launcher().epoll, fd, EPOLLIN, event_data(Role::Connection, index, connection.generation + 1)) < 0 ||
        deliver_message(fd, &message, sizeof message, slot.process) < 0) {
      break;  // it knocks again
    }
    connection = {fd, slot.index, slot.generation, connection.generation + 1, true};
    return;
  }
  (void)close_descriptor(fd);
}

void report_change(const Slot& slot, const char* words, const Failure& why) noexcept {
  const size_t size = text_size(words);
  if (sizeof(Message) + size > kMessageBuffer) {
    return;
  }
  for (Connection& connection : connections) {
    if (!connection.used || !connection.watches || connection.slot != slot.index ||
        connection.slot_generation != slot.generation) {
      continue;
    }
    Message message;
    message.kind = MessageKind::MountsChanged;
    message.number = connection.lost;
    message.failure = why;
    message.payload_size = static_cast<uint32_t>(size);
    const size_t whole = frame_message(message, words);
    const bool sent = send_message(connection.fd, message_buffer(), whole, -1) >= 0;
    connection.lost = sent ? 0 : connection.lost + 1;
  }
}

void on_connection(uint32_t index, uint32_t generation) noexcept {
  Connection& connection = connections[index % kMostConnections];
  if (!connection.used || (connection.generation & 0x0fffffffU) != generation) {
    return;
  }
  Slot* slot = launcher().slots.at(connection.slot);
  if (!obey(*slot, connection.fd) && connection.used) {
    connection.used = false;
    close_and_clear(connection.fd);
  }
}

size_t frame_message(const Message& message, const char* words) noexcept {
  const size_t size = words == nullptr ? 0 : message.payload_size;
  __builtin_memcpy(message_buffer(), &message, sizeof message);
  __builtin_memcpy(message_buffer() + sizeof message, words, size);
  return sizeof message + size;
}

void notify_connections(const Slot& slot, const Message& message, const char* words) noexcept {
  const size_t size = frame_message(message, words);
  for (const Connection& connection : connections) {
    if (connection.used && connection.slot == slot.index && connection.slot_generation == slot.generation) {
      (void)send_message(connection.fd, message_buffer(), size, -1);
    }
  }
}

void close_connections(const Slot& slot) noexcept {
  for (Connection& connection : connections) {
    if (connection.used && connection.slot == slot.index && connection.slot_generation == slot.generation) {
      connection.used = false;
      close_and_clear(connection.fd);
    }
  }
}

}  // namespace dunnage::launcher
