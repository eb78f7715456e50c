// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/broker.hpp"

#include "launcher/change_owner.hpp"
#include "launcher/detach.hpp"
#include "launcher/layers.hpp"
#include "launcher/mask.hpp"
#include "launcher/overlay.hpp"
#include "launcher/part.hpp"
#include "launcher/program/fork.hpp"
#include "launcher/program/read_back.hpp"
#include "launcher/program/remove.hpp"
#include "launcher/program/timer.hpp"
#include "launcher/program/transfer.hpp"

#include <linux/sched.h>
#include <poll.h>

namespace dunnage::launcher {
namespace {

constexpr size_t kMostRequest = sizeof(Message) + sizeof(DetachRequest) + kMostDetachTexts;
alignas(16) uint8_t request_buffer[kMostRequest];

/// \param time  null: for as long as it takes. \return whether there is such an event. Who cannot know it ends: a
/// request is not served from mounts that may be of yesterday, and whoever asks hears that nobody is there.
bool has_event(int fd, short event, const timespec* time) noexcept {
  for (;;) {
    pollfd item{fd, event, 0};
    const long result = raw_syscall(__NR_ppoll, as_argument(&item), 1, as_argument(time), 0, 8);
    if (result >= 0) {
      return (item.revents & (event | POLLHUP)) != 0;
    }
    if (result != -EINTR) {
      exit_process(1);
    }
  }
}

/// A directory, the upper and the work directory, and the layers, which all have to be there.
DetachResult serve_layers(const DetachRequest& request, const char* texts) noexcept {
  constexpr unsigned kFirstLayer = 3;
  if (request.layer_count == 0 || request.layer_count > kMostLayers ||
      text_at(texts, request.path_size, kFirstLayer + request.layer_count - 1) == nullptr) {
    return detach_failure(Step::ReceiveRequest, EBADMSG);
  }
  const DetachResult directory = open_source(AT_FDCWD, texts, request);
  if (directory.failure.error != 0) {
    return directory;
  }
  const LayerTexts names{text_at(texts, request.path_size, 1), text_at(texts, request.path_size, 2),
                         text_at(texts, request.path_size, kFirstLayer), nullptr};
  const DetachResult result = detach_layers(directory.fd, names, request);
  (void)close_descriptor(directory.fd);
  return result;
}

DetachResult serve_mount(const DetachRequest& request, const char* texts) noexcept {
  static Walk walk{false};
  const char* text[4] = {};
  const unsigned count = request.kind == DetachKind::Overlay ? 4 : request.kind == DetachKind::Bind ? 2 : 1;
  for (unsigned index = 0; index < count; ++index) {
    text[index] = text_at(texts, request.path_size, index);
    if (text[index] == nullptr) {
      return detach_failure(Step::ReceiveRequest, EBADMSG);
    }
  }
  if (request.kind == DetachKind::Layers) {
    return serve_layers(request, texts);
  }
  const int source = open_found(AT_FDCWD, text[0], request);
  if (source < 0) {
    return detach_failure(Step::OpenSource, -source);
  }
  DetachResult result;
  if (request.kind == DetachKind::Overlay) {
    result = detach_overlay(source, "", text[1], {text[2], text[3]}, request);
  } else if (request.kind == DetachKind::Owner) {
    result.failure = change_owner(source, "", request, walk);
  } else {
    result = detach_bind(source, "", text[1], request);
  }
  (void)close_descriptor(source);
  return result;
}

DetachResult serve_detach(const Message& message, const Descriptors& descriptors) noexcept {
  DetachRequest request;
  if (message.payload_size < sizeof request) {
    return detach_failure(Step::ReceiveRequest, EBADMSG);
  }
  __builtin_memcpy(&request, request_buffer + sizeof message, sizeof request);
  if (request.kind == DetachKind::Mask) {
    DetachResult result;
    result.failure = mask_all(descriptors.values + 1, descriptors.count - 1);
    return result;
  }
  if (request.kind == DetachKind::Tmpfs) {
    return detach_tmpfs(request);
  }
  char* path = reinterpret_cast<char*>(request_buffer) + sizeof message + sizeof request;
  if (request.path_size == 0 || request.path_size > message.payload_size - sizeof request ||
      path[request.path_size - 1] != '\0') {
    return detach_failure(Step::ReceiveRequest, EBADMSG);
  }
  if (request.kind == DetachKind::Part) {
    return descriptors.count == 2 ? detach_part(descriptors.values[1], path)
                                  : detach_failure(Step::ReceiveRequest, EBADMSG);
  }
  return serve_mount(request, path);
}

/// A user with too many descriptors under way cannot send another before they are received, which takes a moment.
void answer(int socket, const Message& reply, int descriptor) noexcept {
  constexpr int kAttempts = 1000;
  (void)deliver_message(socket, &reply, sizeof reply, descriptor, kAttempts);
}

void serve_and_answer(const Message& message, const Descriptors& descriptors, Message& reply) noexcept {
  const DetachResult result = serve_detach(message, descriptors);
  reply.failure = result.failure;
  answer(descriptors.values[0], reply, result.fd);
  if (result.fd >= 0) {
    (void)close_descriptor(result.fd);
  }
}

/// How many milliseconds a process of its own has for the request; 0: it is served here.
uint32_t time_apart(const Message& message) noexcept {
  DetachRequest request;
  if (message.kind != MessageKind::DetachBind || message.payload_size < sizeof request) {
    return 0;
  }
  __builtin_memcpy(&request, request_buffer + sizeof message, sizeof request);
  return request.apart;
}

/// What is served apart is waited for by nobody.
void ignore_children() noexcept {
  struct {
    uint64_t handler;
    uint64_t flags;
    uint64_t restorer;
    uint64_t mask;
  } ignore{1, 0, 0, 0};  // SIG_IGN
  (void)raw_syscall(__NR_rt_sigaction, SIGCHLD, as_argument(&ignore), 0, 8);
}

/// Answers on the socket that came with the request, so that any number of threads may ask at once.
void serve(int socket) noexcept {
  Descriptors descriptors;
  const long size = receive_message(socket, request_buffer, sizeof request_buffer, descriptors, MSG_DONTWAIT);
  if (size == 0) {
    exit_process(1);
  }
  Message message;
  if (size < static_cast<long>(sizeof message) || descriptors.count < 1) {
    descriptors.close_all();
    return;
  }
  __builtin_memcpy(&message, request_buffer, sizeof message);
  Message reply;
  reply.kind = MessageKind::Answer;
  if (message.kind == MessageKind::RemoveTree && descriptors.count == 2) {
    reply.failure.error =
        remove_tree(descriptors.values[1], reinterpret_cast<const char*>(request_buffer) + sizeof message);
    answer(descriptors.values[0], reply, -1);
  } else if (const uint32_t milliseconds = time_apart(message); milliseconds == 0) {
    serve_and_answer(message, descriptors, reply);
  } else if (fork_process() == 0) {  // its source may never answer, and others wait for theirs
    (void)end_after(milliseconds);
    serve_and_answer(message, descriptors, reply);
    exit_process(0);
  }
  descriptors.close_all();
}

[[noreturn]] void run_opener(int socket, int mount_table) noexcept {
  if (unshare_mounts() < 0) {
    exit_process(1);
  }
  const int root = open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
  (void)kernel::set_mount_attributes(root, AT_RECURSIVE, 0, 0, kPrivate);
  (void)close_descriptor(root);
  ignore_children();
  for (;;) {
    constexpr timespec kNow{};
    (void)has_event(socket, POLLIN, nullptr);
    if (has_event(mount_table, POLLPRI, &kNow)) {
      exit_process(0);  // the mounts changed; the request stays in the socket for the next opener
    }
    serve(socket);
  }
}

[[noreturn]] void run_broker(int socket, int asking) noexcept {
  (void)raw_syscall(__NR_close_range, kSocketDescriptor, kHostDescriptor, 0);
  (void)close_descriptor(asking);
  for (;;) {
    // opened before the copy is made: a change in between is noticed, not missed
    const int mount_table = open_at(AT_FDCWD, "/proc/self/mountinfo", O_RDONLY);
    const long opener = fork_process();
    if (opener == 0) {
      run_opener(socket, mount_table);
    }
    (void)close_descriptor(mount_table);
    int status = 0;
    const bool ended = opener > 0 && wait_child(static_cast<int>(opener), &status, 0) >= 0;
    const bool killed = ended && (status & 0x7f) != 0;  // by somebody: the next one does what it would have done
    if (!ended || (status != 0 && !killed)) {
      exit_process(0);  // the library is gone, or nothing can be done; its requests see the end of the socket
    }
  }
}

}  // namespace

Failure start_broker(int socket, int asking) noexcept {
  Failure failure;
  failure.step = Step::StartBroker;
  const long broker = fork_process();
  if (broker == 0) {
    run_broker(socket, asking);
  }
  failure.error = broker < 0 ? static_cast<int32_t>(-broker) : 0;
  return failure;
}

}  // namespace dunnage::launcher
