// SPDX-License-Identifier: Apache-2.0
#include "foreground.hpp"

#include "channel.hpp"
#include "terminal.hpp"

#include <dunnage/error.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <system_error>

namespace cli {
namespace {

// As in Docker: a program that ignores Ctrl-C, as a container's first process does by default, must not trap the user.
constexpr int kInterruptionsUntilKill = 3;

void wait_for_any(std::array<pollfd, 4>& interests) {
  while (poll(interests.data(), interests.size(), -1) < 0) {
    if (errno != EINTR) throw std::system_error{errno, std::generic_category(), "cannot poll"};
  }
}

/// What the program wrote last is still in its terminal when its end is known.
void drain(Channel& output) {
  for (bool moved = true; moved;) {
    moved = output.move();
    if (auto interest = output.interest(); !moved && interest.events == POLLOUT && !output.closed()) {
      moved = poll(&interest, 1, -1) > 0;
    }
  }
}

pollfd reading(int fd) { return {.fd = fd, .events = POLLIN, .revents = 0}; }

}  // namespace

Foreground::Foreground() : signals_{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH} {}

void Foreground::handle_signals(const ForegroundProgram& program) {
  while (const auto signal = signals_.next()) {
    if (*signal == SIGWINCH) {
      const auto terminal = find_terminal();
      if (terminal && program.terminal_fd >= 0) copy_window_size(*terminal, program.terminal_fd);
      continue;
    }
    const bool interruption = *signal == SIGINT || *signal == SIGTERM;
    const bool enough = interruption && ++interruptions_ >= kInterruptionsUntilKill;
    try {
      program.kill(enough ? SIGKILL : *signal);
    } catch (const dunnage::Error& error) {
      if (error.code() != dunnage::errc::not_running) throw;  // it has just ended, which is what was wanted
    }
  }
}

void Foreground::follow(const ForegroundProgram& program) {
  std::optional<RawMode> raw_mode;
  if (program.terminal_fd >= 0) {
    (void)fcntl(program.terminal_fd, F_SETFL, fcntl(program.terminal_fd, F_GETFL) | O_NONBLOCK);
    if (program.interactive) raw_mode.emplace(STDIN_FILENO);
    if (const auto terminal = find_terminal()) copy_window_size(*terminal, program.terminal_fd);
  }
  Channel input{program.interactive ? STDIN_FILENO : -1, program.terminal_fd};
  Channel output{program.terminal_fd, STDOUT_FILENO};
  for (;;) {
    const bool copying = program.terminal_fd >= 0;
    std::array<pollfd, 4> interests{reading(program.exit_fd), reading(signals_.fd()),
                                    copying && program.interactive ? input.interest() : reading(-1),
                                    copying ? output.interest() : reading(-1)};
    wait_for_any(interests);
    if (interests[1].revents != 0) handle_signals(program);
    if (interests[2].revents != 0) input.move();
    if (interests[3].revents != 0) output.move();
    if (interests[0].revents != 0) break;
  }
  if (program.terminal_fd >= 0) drain(output);
}

void require_terminal_for_input(bool interactive, bool terminal) {
  if (interactive && terminal && isatty(STDIN_FILENO) == 0) {
    throw std::invalid_argument{"-i and -t together need a terminal, and standard input is none; leave out -t"};
  }
}

}  // namespace cli
