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

}  // namespace dunnage::launcher
