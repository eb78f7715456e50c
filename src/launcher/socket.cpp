// SPDX-License-Identifier: Apache-2.0
#include "launcher/socket.hpp"

#include "kernel/call_error.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace dunnage::launcher {
namespace {

constexpr std::size_t kMostAtOnce = kDescriptorsPerMessage + 3;

/// poll(2) until the deadline; EINTR is the host's business and no reason to stop.
bool wait_for_events(int fd, short events, Deadline deadline) noexcept {
  for (;;) {
    pollfd item{fd, events, 0};
    timespec left{};
    const timespec* timeout = nullptr;
    if (deadline != kNever) {
      using std::chrono::nanoseconds;
      const auto rest = std::chrono::duration_cast<nanoseconds>(deadline - std::chrono::steady_clock::now());
      const auto count = std::max<nanoseconds::rep>(rest.count(), 0);
      left = {static_cast<time_t>(count / 1'000'000'000), static_cast<long>(count % 1'000'000'000)};
      timeout = &left;
    }
    const int result = ::ppoll(&item, 1, timeout, nullptr);
    if (result != 0 && !(result < 0 && errno == EINTR)) {
      return result > 0;
    }
    if (result == 0) {
      return false;
    }
  }
}

}  // namespace

Deadline deadline_after(std::chrono::milliseconds timeout) noexcept {
  constexpr auto kFar = std::chrono::hours{24 * 365 * 100};
  return timeout > kFar ? kNever : std::chrono::steady_clock::now() + timeout;
}

bool wait_readable(int fd, Deadline deadline) noexcept { return wait_for_events(fd, POLLIN, deadline); }

std::pair<kernel::FileDescriptor, kernel::FileDescriptor> make_channel() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw kernel::CallError{"socketpair", errno};
  }
  return {kernel::FileDescriptor{ends[0]}, kernel::FileDescriptor{ends[1]}};
}

int send(int socket, std::span<const std::byte> message, std::span<const int> descriptors, Deadline deadline) noexcept {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostAtOnce * sizeof(int))> control{};
  iovec part{const_cast<std::byte*>(message.data()), message.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!descriptors.empty()) {
    if (descriptors.size() > kMostAtOnce) {
      return EINVAL;
    }
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* first = CMSG_FIRSTHDR(&header);
    first->cmsg_level = SOL_SOCKET;
    first->cmsg_type = SCM_RIGHTS;
    first->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(first), descriptors.data(), descriptors.size_bytes());
  }
  for (;;) {
    if (::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
      return 0;
    }
    if (errno == EINTR) {
      continue;
    }
    if (errno == ECONNRESET) {
      return EPIPE;  // what an end says, once, that was closed before it had read everything
    }
    if (errno == ETOOMANYREFS) {  // this user has too many descriptors under way; they are about to be received
      (void)::poll(nullptr, 0, 1);
    } else if (errno != EAGAIN) {
      return errno;
    }
    if (!wait_for_events(socket, POLLOUT, deadline)) {
      return ETIMEDOUT;
    }
  }
}

int send(int socket, const Message& message, std::span<const int> descriptors, Deadline deadline) noexcept {
  return send(socket, std::as_bytes(std::span{&message, 1}), descriptors, deadline);
}

std::optional<Received> receive(int socket, Deadline deadline, Take take) {
  Received received;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostAtOnce * sizeof(int))> control{};
  iovec part{&received.message, sizeof received.message};
  for (;;) {
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (take == Take::Away) {
      header.msg_control = control.data();
      header.msg_controllen = control.size();
    }
    const ssize_t size =
        ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT | (take == Take::Peek ? MSG_PEEK : 0));
    // ECONNRESET is said once, before what the other end had sent, if it was closed before it had read everything.
    if (size < 0 && (errno == EINTR || errno == ECONNRESET)) {
      received.unread = received.unread || errno == ECONNRESET;
      continue;
    }
    if (size < 0 && errno == EAGAIN) {
      if (deadline == Deadline{} || !wait_for_events(socket, POLLIN, deadline)) {
        return std::nullopt;
      }
      continue;
    }
    for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
      if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS) {
        std::vector<int> numbers((item->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        std::memcpy(numbers.data(), CMSG_DATA(item), numbers.size() * sizeof(int));
        for (const int number : numbers) {
          received.descriptors.emplace_back(number);
        }
      }
    }
    if (size != static_cast<ssize_t>(sizeof received.message)) {
      received.message = Message{};  // the end of the stream, or somebody who speaks another language
    }
    return received;
  }
}

std::string peek_words(int socket, const Message& message) {
  std::vector<char> frame(sizeof message + std::min(message.payload_size, kInlinePayload));
  const ssize_t size = ::recv(socket, frame.data(), frame.size(), MSG_PEEK | MSG_DONTWAIT);
  const auto got = static_cast<std::size_t>(std::max<ssize_t>(size, sizeof message));
  return {frame.begin() + sizeof message, frame.begin() + static_cast<std::ptrdiff_t>(got)};
}

}  // namespace dunnage::launcher
