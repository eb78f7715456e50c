// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One direction of a terminal: bytes from one descriptor to another, as fast as both sides allow.

#include <poll.h>

#include <array>
#include <cstddef>

namespace cli {

/// Reads only when its buffer is empty and writes only when there is room, so that no side can block the loop.
class Channel {
 public:
  Channel(int from, int to) : from_{from}, to_{to} {}

  /// What to wait for; fd is -1 when there is nothing.
  [[nodiscard]] pollfd interest() const noexcept;
  /// Does one read or one write. Returns false when nothing could be moved just now.
  bool move();
  [[nodiscard]] bool closed() const noexcept { return closed_ && begin_ == end_; }

 private:
  bool fill();
  bool flush();

  int from_;
  int to_;
  std::array<char, 4096> buffer_{};  // PIPE_BUF: a pipe that is ready for writing takes that much without blocking
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool closed_ = false;
};

}  // namespace cli
