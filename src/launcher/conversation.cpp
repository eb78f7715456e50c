// SPDX-License-Identifier: Apache-2.0
#include "launcher/conversation.hpp"

#include "kernel/call_error.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace dunnage::launcher {
namespace {

constexpr std::size_t kMostMessage = sizeof(Message) + kInlinePayload;
/// How long a worker that was ended may take to be gone; a disk that hangs shall not hang its host.
constexpr auto kEndPatience = std::chrono::seconds{5};

WorkReport report_of(std::span<const std::byte> payload, std::string& path) {
  WorkReport report;
  if (payload.size() >= sizeof report) {
    std::memcpy(&report, payload.data(), sizeof report);
    const auto rest = payload.subspan(sizeof report);
    path.assign(reinterpret_cast<const char*>(rest.data()), std::min<std::size_t>(rest.size(), report.path_size));
  }
  return report;
}

}  // namespace

Conversation::Conversation(kernel::FileDescriptor channel, const Watch& watch)
    : channel_{std::move(channel)},
      stop_{watch.stop},
      deadline_{watch.deadline.value_or(kNever)},
      buffer_(kMostMessage) {}

Conversation::~Conversation() {
  (void)::shutdown(channel_.get(), SHUT_WR);
  const auto deadline = std::chrono::steady_clock::now() + kEndPatience;
  try {
    while (next(deadline, false) == Event::Message) {
    }
  } catch (const kernel::CallError&) {  // then nobody waits for the worker's end
  }
}

Conversation::Event Conversation::next(Deadline deadline, bool stoppable) {
  for (;;) {
    const ssize_t size = receive();
    if (size >= 0) {
      return take(static_cast<std::size_t>(size));
    }
    if (errno == EAGAIN) {
      const Event event = wait(deadline, stoppable);
      if (event != Event::Message) {
        return event;
      }
    } else if (errno == ECONNRESET) {
      unread_ = true;
    } else if (errno != EINTR) {
      throw kernel::CallError{"recv", errno};
    }
  }
}

ssize_t Conversation::receive() {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec part{buffer_.data(), buffer_.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  descriptor_.reset();
  const ssize_t size = ::recvmsg(channel_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  take_descriptors(size < 0 ? nullptr : CMSG_FIRSTHDR(&header));
  if (size >= 0 && (header.msg_flags & MSG_CTRUNC) != 0) {
    errno = EMFILE;  // the kernel could not give this process the descriptor
    return -1;
  }
  return size;
}

/// There is one in a message; but the room for one is room for two.
void Conversation::take_descriptors(const cmsghdr* control) {
  if (control == nullptr || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) {
    return;
  }
  const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t index = 0; index < count; ++index) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(control) + index * sizeof number, sizeof number);
    kernel::FileDescriptor descriptor{number};
    if (index == 0) {
      descriptor_ = std::move(descriptor);
    }
  }
}

Conversation::Event Conversation::take(std::size_t size) {
  if (size < sizeof message_) {
    return Event::End;
  }
  std::memcpy(&message_, buffer_.data(), sizeof message_);
  payload_ = std::span{buffer_}.subspan(sizeof message_, size - sizeof message_);
  return Event::Message;
}

Conversation::Event Conversation::wait(Deadline deadline, bool stoppable) {
  std::array<pollfd, 2> items{pollfd{channel_.get(), POLLIN, 0},
                              pollfd{stoppable ? stop_.descriptor() : -1, POLLIN, 0}};
  timespec left{};
  const timespec* timeout = nullptr;
  if (deadline != kNever) {
    const auto rest = std::max(deadline - std::chrono::steady_clock::now(), Deadline::duration::zero());
    const auto count = std::chrono::duration_cast<std::chrono::nanoseconds>(rest).count();
    left = {static_cast<time_t>(count / 1'000'000'000), static_cast<long>(count % 1'000'000'000)};
    timeout = &left;
  }
  const int result = ::ppoll(items.data(), items.size(), timeout, nullptr);
  if (result < 0 && errno != EINTR) {
    throw kernel::CallError{"poll", errno};
  }
  return result == 0 ? Event::Late : result > 0 && items[1].revents != 0 ? Event::Stop : Event::Message;
}

WorkOutcome Conversation::hear_out(const Work& work, const Watch& watch, const WorkSink& sink) {
  WorkOutcome outcome;
  for (;;) {
    const Event event = next(deadline_, true);
    if (event != Event::Message) {
      outcome.end = event == Event::Stop   ? WorkOutcome::End::Cancelled
                    : event == Event::Late ? WorkOutcome::End::TimedOut
                                           : WorkOutcome::End::Lost;
      break;
    }
    if (message_.kind == MessageKind::Found) {
      if (sink) {
        sink(payload_, descriptor_);
      }
      continue;
    }
    const WorkReport report = report_of(payload_, outcome.path);
    outcome.entries = report.entries;
    outcome.bytes = report.bytes;
    outcome.cloned = report.cloned;
    if (message_.kind == MessageKind::Answer) {
      outcome.failure = message_.failure;
      outcome.end = outcome.failure.error == 0 ? WorkOutcome::End::Done : WorkOutcome::End::Failed;
      break;
    }
    if (watch.progress) {
      watch.progress({std::string{work.step}, std::string{work.subject}, work.in_bytes ? report.bytes : report.entries,
                      report.total});
    }
  }
  return outcome;
}

}  // namespace dunnage::launcher
