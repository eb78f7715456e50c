// SPDX-License-Identifier: Apache-2.0
#include "terminal.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace cli {

std::optional<int> find_terminal() noexcept {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (isatty(fd) != 0) return fd;
  }
  return std::nullopt;
}

void copy_window_size(int from, int to) noexcept {
  winsize size{};
  if (ioctl(from, TIOCGWINSZ, &size) == 0) {
    (void)ioctl(to, TIOCSWINSZ, &size);  // a wrong size is no reason to end the container
  }
}

RawMode::RawMode(int terminal) : terminal_{terminal} {
  const auto fail = [] {
    throw std::system_error{errno, std::generic_category(), "cannot set the terminal to raw mode"};
  };
  if (tcgetattr(terminal_, &before_) != 0) fail();
  termios raw = before_;
  cfmakeraw(&raw);
  if (tcsetattr(terminal_, TCSADRAIN, &raw) != 0) fail();
}

RawMode::~RawMode() {
  (void)tcsetattr(terminal_, TCSADRAIN, &before_);  // the terminal may be gone by now
}

}  // namespace cli
