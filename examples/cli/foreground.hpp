// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A program in the foreground: its terminal is the user's, the signals the user sends are its own.
///
///     user's stdin ──▶ buffer ──▶ terminal_fd ──▶ buffer ──▶ user's stdout       (with -t)
///     SIGINT, SIGTERM, ... ──▶ signal descriptor ──▶ kill(signal)
///     SIGWINCH ──▶ window size of terminal_fd
///
/// `run` and `exec` both use it: one poll loop, no thread.

#include "signals.hpp"

#include <functional>

namespace cli {

/// What is followed; a Container and a Process look the same from here.
struct ForegroundProgram {
  int exit_fd = -1;
  int terminal_fd = -1;             ///< -1 without -t
  bool interactive = false;         ///< with a terminal: pass on what the user types
  std::function<void(int)> kill{};  ///< sends it a signal
};

/// To be made before the program is launched, so that no signal is lost or ends this process in between.
class Foreground {
 public:
  Foreground();
  /// Returns when the program has ended and the last of its terminal's output is written.
  void follow(const ForegroundProgram& program);
  /// The same for a Container or a Process.
  template <typename Program>
  void follow(const Program& program, bool interactive) {
    follow(ForegroundProgram{.exit_fd = program.exit_fd(),
                             .terminal_fd = program.terminal_fd(),
                             .interactive = interactive,
                             .kill = [&program](int signal) { program.kill(signal); }});
  }

 private:
  void handle_signals(const ForegroundProgram& program);

  Signals signals_;
  int interruptions_ = 0;
};

/// Throws: std::invalid_argument if the user wants to type into a program's terminal and has none.
void require_terminal_for_input(bool interactive, bool terminal);

}  // namespace cli
