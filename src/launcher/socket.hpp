// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The library's side of the sockets of protocol.hpp.

#include "kernel/file_descriptor.hpp"
#include "launcher/protocol.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::launcher {

using Deadline = std::chrono::steady_clock::time_point;

/// Two connected SOCK_SEQPACKET sockets. Throws: kernel::CallError.
[[nodiscard]] std::pair<kernel::FileDescriptor, kernel::FileDescriptor> make_channel();

/// Sends one message whole; waits for room until the deadline. Raises no SIGPIPE.
/// \return 0 or errno; EPIPE when the other end is gone, ETIMEDOUT
[[nodiscard]] int send(int socket, std::span<const std::byte> message, std::span<const int> descriptors,
                       Deadline deadline) noexcept;
[[nodiscard]] int send(int socket, const Message& message, std::span<const int> descriptors,
                       Deadline deadline) noexcept;

struct Received {
  Message message{};
  std::vector<kernel::FileDescriptor> descriptors;
  bool unread = false;  ///< the other end was closed before it had read everything
};

enum class Take { Away, Peek };

/// Waits for a message.
/// \return nothing when the deadline passed; a message whose kind is MessageKind{} at the end of the stream
[[nodiscard]] std::optional<Received> receive(int socket, Deadline deadline, Take take = Take::Away);

/// What follows that message in the socket, which was peeked at and is left there.
[[nodiscard]] std::string peek_words(int socket, const Message& message);

/// Waits until something can be read (or the end). False when the deadline passed.
[[nodiscard]] bool wait_readable(int fd, Deadline deadline) noexcept;

inline constexpr Deadline kNever = Deadline::max();

/// A deadline so far away that it would overflow means never.
[[nodiscard]] Deadline deadline_after(std::chrono::milliseconds timeout) noexcept;

}  // namespace dunnage::launcher
