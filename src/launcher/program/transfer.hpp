// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Messages with descriptors over a socket.

#include "launcher/program/system.hpp"
#include "launcher/protocol.hpp"

namespace dunnage::launcher {

/// Up to kDescriptorsPerMessage descriptors that came with a message.
struct Descriptors {
  int values[kDescriptorsPerMessage + 3];
  uint32_t count = 0;

  void close_all() noexcept {
    for (uint32_t index = 0; index < count; ++index) {
      if (values[index] >= 0) {
        (void)close_descriptor(values[index]);
      }
    }
    count = 0;
  }
};

/// Receives one message into `buffer`. Returns its bytes, 0 at the end of the stream, or -errno; -EMFILE when
/// descriptors were lost because this process may not hold more.
long receive_message(int socket, void* buffer, size_t size, Descriptors& descriptors, int flags) noexcept;

/// Sends a message with at most one descriptor (-1: none). Never blocks and raises no SIGPIPE.
long send_message(int socket, const void* data, size_t size, int descriptor) noexcept;

/// The same, and again each millisecond for as long as this user has too many descriptors under way, or the kernel no
/// memory: that takes a moment. Returns 0 or -errno.
long deliver_message(int socket, const void* data, size_t size, int descriptor, int attempts = 100) noexcept;

}  // namespace dunnage::launcher
