// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A filter of system calls around this process may answer in the kernel's place: with SECCOMP_RET_ERRNO and 0 a call
/// has succeeded that was never made. Some let an ordinary user seem to be root that way (seccomp(2)). Where there is a
/// filter, what restricts a mount is looked at after it was set. No C library, no allocation.

#include "kernel/calls.hpp"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/prctl.h>

namespace dunnage::kernel {

/// Whether a filter may answer calls of this thread.
inline bool may_be_answered_for() noexcept {
  int signal = -1;  // a filter that answers every prctl(2) leaves it
  const long asked = raw_syscall(__NR_prctl, PR_GET_PDEATHSIG, as_argument(&signal), 0, 0, 0);
  return asked < 0 || signal == -1 || raw_syscall(__NR_prctl, PR_GET_SECCOMP, 0, 0, 0, 0) != 0;
}

/// That a mount has all of these, of MOUNT_ATTR_RDONLY, _NOSUID, _NODEV and _NOEXEC: statfs(2) has the same numbers.
inline int read_back_attributes(int mount, uint64_t attributes) noexcept {
  constexpr unsigned kFlags = 10;  // f_flags, in the kernel's own layout
  constexpr uint64_t kTold = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  uint64_t status[32] = {};
  const long result = raw_syscall(__NR_fstatfs, mount, as_argument(status));
  const uint64_t wanted = attributes & kTold;
  return result < 0 ? static_cast<int>(result) : (status[kFlags] & wanted) == wanted ? 0 : -EPERM;
}

/// set_mount_attributes() of which is seen that it was done. -EPERM: it was not
inline int set_seen_attributes(int mount, unsigned flags, uint64_t set, uint64_t propagation) noexcept {
  const int result = set_mount_attributes(mount, flags, set, 0, propagation);
  return result < 0 || set == 0 || !may_be_answered_for() ? result : read_back_attributes(mount, set);
}

}  // namespace dunnage::kernel
