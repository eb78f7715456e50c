// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// fork(2) by the raw call: a copy of this small process, of the calling thread alone.

#include "launcher/program/system.hpp"

#include <linux/sched.h>

namespace dunnage::launcher {

/// 0 in the copy, its pid or -errno here.
inline long fork_process() noexcept {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  return raw_syscall(__NR_clone3, as_argument(&arguments), sizeof arguments);
}

/// Closes what such a copy has no business with: who waits for the end of a socket must see it.
/// \param kept what stays, in any order, as often as it likes
inline void close_all_but(const int* kept, uint32_t count) noexcept {
  int64_t below = -1;
  for (;;) {
    int64_t next = INT32_MAX;
    for (uint32_t index = 0; index < count; ++index) {
      next = kept[index] > below && kept[index] < next ? kept[index] : next;
    }
    if (next > below + 1) {
      (void)raw_syscall(__NR_close_range, below + 1, next == INT32_MAX ? ~0U : next - 1, 0);
    }
    if (next == INT32_MAX) {
      return;
    }
    below = next;
  }
}

}  // namespace dunnage::launcher
