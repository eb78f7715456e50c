// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The terminal the user sits at.

#include <sys/ioctl.h>
#include <termios.h>

#include <optional>

namespace cli {

/// The descriptor among 0, 1 and 2 that is a terminal, if any.
[[nodiscard]] std::optional<int> find_terminal() noexcept;

/// Gives the terminal `to` the window size of the terminal `from`.
void copy_window_size(int from, int to) noexcept;

/// Raw mode while it lives: each key goes to the container's terminal at once, Ctrl-C too, and nothing is echoed
/// twice. The destructor brings back what was, whichever way the scope is left.
class RawMode {
 public:
  /// Throws: std::system_error.
  explicit RawMode(int terminal);
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;
  ~RawMode();

 private:
  int terminal_;
  termios before_{};
};

}  // namespace cli
