// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A forked copy of the test, with all it starts, stopped at each of its system calls: it is killed at one of them, or
/// one of them fails without having been made.
///
///     const auto whole = trace(work);                                        // which calls it makes
///     const auto run = trace(work, {.kind = CallFault::Kind::KillAll, .at = 7});   // what becomes of it at the 8th
///
/// Kernel: PTRACE_GET_SYSCALL_INFO (5.3), on x86-64 and on arm64.

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::test {

/// What happens at one system call.
struct CallFault {
  enum class Kind {
    None,
    KillAll,    ///< everything that is traced is killed at once, as with a machine that stops
    KillHost,   ///< the first process is killed, what it started lives on and hears of it
    KillMaker,  ///< the process that was about to make the call is killed
    Fail,  ///< the call is not made and answers with `error`; close() is made, as the kernel makes it whatever it says
  };
  Kind kind = Kind::None;
  std::size_t at = 0;  ///< the number of the call, counted from begin(), over all processes and threads
  /// Count calls of this number only, as threads may make others in between, and only those that are about a file or
  /// directory of a disk, if it takes a descriptor first: a pipe is never full of data. -1: all.
  long call = -1;
  int error = 0;          ///< errno
  bool persists = false;  ///< all later calls of the same number fail as well, until end()
  /// Whose calls count.
  enum class Maker {
    Anybody,
    Host,      ///< the first process, all its threads
    Launcher,  ///< what it has started, but for programs that are executed: its launcher, and what becomes a container
  };
  Maker maker = Maker::Anybody;
};

/// What the traced program tells. It lies in memory that its tracer sees, so telling makes no system call.
class Account {
 public:
  /// System calls count from here.
  void begin() noexcept { begun_ = true; }
  /// They count no more, and none fails any more.
  void end() noexcept { ended_ = true; }
  /// What the test wants to know. Only the beginning of a long text is kept.
  void say(std::string_view words) noexcept;

  [[nodiscard]] bool begun() const noexcept { return begun_; }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] std::string words() const;

 private:
  std::atomic<bool> begun_{false};
  std::atomic<bool> ended_{false};
  std::atomic<std::size_t> length_{0};
  char words_[6000] = {};
};

struct TracedRun {
  std::vector<long> calls;              ///< the numbers of those that counted, in the order in which they were seen
  std::vector<long> calls_of_host;      ///< those that count of CallFault::Maker::Host
  std::vector<long> calls_of_launcher;  ///< and of Launcher
  bool struck = false;                  ///< the fault happened
  bool ended = false;                   ///< it came to end()
  bool hung = false;                    ///< it was killed because nothing happened for a minute
  int status = 0;                       ///< of the first process, as waitpid() tells it
  std::string words{};
};

/// Whether this process may trace another here; otherwise the test has been skipped.
[[nodiscard]] bool requires_tracing();

/// Runs `work` in a forked process, which exits with 0, or with 1 and the text of what it threw in `words`. Returns
/// when all that was started has ended.
[[nodiscard]] TracedRun trace(const std::function<void(Account&)>& work, const CallFault& fault = {});

}  // namespace dunnage::test
