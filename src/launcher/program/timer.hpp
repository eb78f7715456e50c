// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is to happen later: moments of the monotonic clock, in nanoseconds.

#include "launcher/program/system.hpp"

namespace dunnage::launcher {

inline constexpr int64_t kMillisecond = 1'000'000;
inline constexpr int64_t kSecond = 1'000 * kMillisecond;

/// The first of some moments.
class Soonest {
 public:
  void take(int64_t moment) noexcept { moment_ = moment_ < 0 || moment < moment_ ? moment : moment_; }
  /// Milliseconds to it, as epoll_wait(2) takes them; less than 0: there is none.
  [[nodiscard]] int timeout(int64_t now) const noexcept {
    return moment_ < 0 ? -1 : static_cast<int>((moment_ - now) / kMillisecond) + 1;
  }

 private:
  int64_t moment_ = -1;
};

/// How long to wait before the next try: twice as long as before the last one, within bounds. \param delay  0: there
/// was none
inline int64_t longer_delay(int64_t delay, int64_t first, int64_t longest) noexcept {
  const int64_t doubled = delay * 2;
  return delay == 0 ? first : doubled > longest ? longest : doubled;
}

/// Ends this process by SIGALRM then, also where it waits for a file system. 0 or -errno
inline long end_after(int64_t milliseconds) noexcept {
  const uint64_t alarm = uint64_t{1} << (SIGALRM - 1U);
  const long result = raw_syscall(__NR_rt_sigprocmask, SIG_UNBLOCK, as_argument(&alarm), 0, 8);
  struct {
    long interval[2];
    long value[2];
  } timer{{0, 0}, {milliseconds / 1000, milliseconds % 1000 * 1000}};
  return result < 0 ? result : raw_syscall(__NR_setitimer, 0, as_argument(&timer), 0);
}

}  // namespace dunnage::launcher
