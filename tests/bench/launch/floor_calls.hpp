// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a floor's clone does with the kernel. It shares its parent's memory: no allocation, no errno, no exception.

#include "kernel/calls.hpp"

namespace dunnage::bench {

using kernel::as_argument;
using kernel::raw_syscall;

/// Ends the clone with errno as its exit status if a call has failed.
inline long require(long result) noexcept {
  if (result < 0) {
    (void)raw_syscall(__NR_exit_group, -result);
  }
  return result;
}

inline void mount(const char* source, const char* target, const char* type, unsigned long flags,
                  const char* data = nullptr) noexcept {
  require(raw_syscall(__NR_mount, as_argument(source), as_argument(target), as_argument(type), static_cast<long>(flags),
                      as_argument(data)));
}

/// Host name, loopback, and pings, as a network namespace of this library has them.
void name_and_connect(bool network) noexcept;
/// Limits, keyring, capabilities, ids, no_new_privs.
void become_user() noexcept;

}  // namespace dunnage::bench
