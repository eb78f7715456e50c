// SPDX-License-Identifier: Apache-2.0
// Who the program is and what it may: everything is set, nothing inherited.

#include "launcher/program/child.hpp"

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <sys/resource.h>

namespace dunnage::launcher {
namespace {

struct Limit {
  int resource;
  uint64_t soft;
  uint64_t hard;
};

constexpr uint64_t kNone = ~uint64_t{0};
constexpr uint64_t kMebibyte = uint64_t{1} << 20U;

constexpr Limit kLimits[] = {
    {RLIMIT_CPU, kNone, kNone},
    {RLIMIT_FSIZE, kNone, kNone},
    {RLIMIT_DATA, kNone, kNone},
    {RLIMIT_STACK, 8 * kMebibyte, kNone},
    {RLIMIT_CORE, 0, kNone},
    {RLIMIT_RSS, kNone, kNone},
    {RLIMIT_NPROC, 1048576, 1048576},
    {RLIMIT_NOFILE, 1024, 524288},
    {RLIMIT_MEMLOCK, 8 * kMebibyte, 8 * kMebibyte},
    {RLIMIT_AS, kNone, kNone},
    {RLIMIT_LOCKS, kNone, kNone},
    {RLIMIT_SIGPENDING, 65536, 65536},
    {RLIMIT_MSGQUEUE, 819200, 819200},
    {RLIMIT_NICE, 0, 0},
    {RLIMIT_RTPRIO, 0, 0},
    {RLIMIT_RTTIME, kNone, kNone},
};

uint64_t smaller(uint64_t left, uint64_t right) noexcept { return left < right ? left : right; }

/// A hard limit above the one this process has cannot be had without CAP_SYS_RESOURCE; then the lower one stays.
void set_limits(Child& child) noexcept {
  for (const Limit& limit : kLimits) {
    rlimit64 current{};
    require(child, Step::SetLimits, raw_syscall(__NR_prlimit64, 0, limit.resource, 0, as_argument(&current)));
    const uint64_t hard = smaller(limit.hard, current.rlim_max);
    const rlimit64 wanted{smaller(limit.soft, hard), hard};
    require(child, Step::SetLimits, raw_syscall(__NR_prlimit64, 0, limit.resource, as_argument(&wanted), 0));
  }
}

/// Where an outer filter or the kernel has no keyrings at all, there is none to share either.
void set_keyring(Child& child) noexcept {
  if (child.surroundings.rootless) {
    return;  // the launcher joined one at its start: an ordinary user may only have 200 keys
  }
  const long result = raw_syscall(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);
  if (result < 0 && result != -ENOSYS && result != -EPERM) {
    fail(child, Step::SetKeyring, static_cast<int>(-result));
  }
}

void drop_bounding_set(Child& child, uint64_t keep) noexcept {
  for (unsigned capability = 0; capability < 64; ++capability) {
    if ((keep >> capability & 1U) != 0) {
      continue;
    }
    const long result = raw_syscall(__NR_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
    if (result == -EINVAL && capability > CAP_LAST_CAP) {
      return;  // beyond the last one this kernel knows
    }
    if (result != -EINVAL) {
      require(child, Step::SetCapabilities, result);
    }
  }
}

void set_capabilities(Child& child, uint64_t capabilities) noexcept {
  require(child, Step::SetCapabilities, raw_syscall(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  for (unsigned half = 0; half < 2; ++half) {
    data[half].permitted = data[half].effective = static_cast<uint32_t>(capabilities >> (32 * half));
  }
  require(child, Step::SetCapabilities, raw_syscall(__NR_capset, as_argument(&header), as_argument(data)));
}

void set_ids(Child& child) noexcept {
  const LaunchPayload& request = *child.slot.request;
  if (!child.surroundings.single_id) {
    const auto* groups = reinterpret_cast<const uint32_t*>(child.slot.payload + request.groups.offset);
    require(child, Step::SetGroups, raw_syscall(__NR_setgroups, request.groups.count, as_argument(groups)));
  }
  require(child, Step::SetGroup, raw_syscall(__NR_setresgid, request.gid, request.gid, request.gid));
  require(child, Step::SetUser, raw_syscall(__NR_setresuid, request.uid, request.uid, request.uid));
}

}  // namespace

void become_user(Child& child) noexcept {
  const LaunchPayload& request = *child.slot.request;
  set_limits(child);
  set_keyring(child);
  drop_bounding_set(child, request.capabilities);
  require(child, Step::SetCapabilities, raw_syscall(__NR_prctl, PR_SET_SECUREBITS, 0, 0, 0, 0));
  set_ids(child);
  enter_working_directory(child);
  // what this process may have at most is what it has: the launcher itself may lack some
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct has[2] = {};
  require(child, Step::SetCapabilities, raw_syscall(__NR_capget, as_argument(&header), as_argument(has)));
  const uint64_t permitted = has[0].permitted | static_cast<uint64_t>(has[1].permitted) << 32U;
  set_capabilities(child, request.uid == 0 ? request.capabilities & permitted : 0);
  if ((request.flags & kNoNewPrivileges) != 0) {
    require(child, Step::SetNoNewPrivileges, raw_syscall(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  }
}

}  // namespace dunnage::launcher
