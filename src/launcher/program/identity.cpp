// SPDX-License-Identifier: Apache-2.0
// Who the program is and what it may: everything is set, nothing inherited.

#include "launcher/program/limits.hpp"
#include "launcher/program/read_back.hpp"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/resource.h>

namespace dunnage::launcher {
namespace {

/// The other limits are the launcher's own (limits.hpp).
void limit_descriptors(Child& child) noexcept {
  require(child, Step::SetLimits, set_seen_limit(RLIMIT_NOFILE, child.surroundings.descriptors));
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
  if (result == 0) {  // no keyring has that number
    fail(child, Step::ReadBack, EPERM);
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

void clear_ambient(Child& child) noexcept {
  require(child, Step::SetCapabilities, raw_syscall(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
}

void give_capabilities(Child& child, uint64_t capabilities) noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  for (unsigned half = 0; half < 2; ++half) {
    data[half].permitted = data[half].effective = static_cast<uint32_t>(capabilities >> (32 * half));
  }
  require(child, Step::SetCapabilities, raw_syscall(__NR_capset, as_argument(&header), as_argument(data)));
}

void set_capabilities(Child& child, uint64_t capabilities) noexcept {
  clear_ambient(child);
  give_capabilities(child, capabilities);
}

/// Loaded with a listener, the only answer nobody can give in the kernel's place is the number of its descriptor. It is
/// closed when the program is executed. Nothing can be asked afterwards, as the filter need not allow it.
/// \return false: there can be none beside the listener of an outer filter
bool load_seen_filter(Child& child, const sock_fprog& program) noexcept {
  constexpr long kSecond = -EBUSY;
  const long listener =
      raw_syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
                  child.slot.request->filter_flags | SECCOMP_FILTER_FLAG_NEW_LISTENER, as_argument(&program));
  if (listener == kSecond) {
    return false;
  }
  if (require(child, Step::LoadFilter, listener) == 0) {
    fail(child, Step::ReadBack, EPERM);
  }
  return true;
}

void load_filter(Child& child) noexcept {
  const LaunchPayload& request = *child.slot.request;
  if (request.filter.count == 0) {
    return;
  }
  const sock_fprog program{static_cast<unsigned short>(request.filter.count),
                           reinterpret_cast<sock_filter*>(child.slot.payload + request.filter.offset)};
  if (child.surroundings.filtered && load_seen_filter(child, program)) {
    return;
  }
  require(child, Step::LoadFilter,
          raw_syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, request.filter_flags, as_argument(&program)));
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
  limit_descriptors(child);
  set_keyring(child);
  drop_bounding_set(child, request.capabilities);
  require(child, Step::SetCapabilities, raw_syscall(__NR_prctl, PR_SET_SECUREBITS, 0, 0, 0, 0));
  if ((request.flags & kNoNewPrivileges) == 0 && request.filter.count != 0) {
    require(child, Step::SetCapabilities, raw_syscall(__NR_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0));
  }
  set_ids(child);
  enter_working_directory(child);
  // what this process may have at most is what it has: the launcher itself may lack some
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct has[2] = {};
  require(child, Step::SetCapabilities, raw_syscall(__NR_capget, as_argument(&header), as_argument(has)));
  const uint64_t permitted = has[0].permitted | static_cast<uint64_t>(has[1].permitted) << 32U;
  const uint64_t capabilities = request.uid == 0 ? request.capabilities & permitted : 0;
  if ((request.flags & kNoNewPrivileges) != 0) {
    set_capabilities(child, capabilities);
    require(child, Step::SetNoNewPrivileges, raw_syscall(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    read_back_identity(child, capabilities);
    set_up_execution(child);
    load_filter(child);
    return;
  }
  // without no_new_privs the kernel takes a filter only from who has CAP_SYS_ADMIN, which is given up afterwards
  const uint64_t to_load = request.filter.count != 0 ? uint64_t{1} << CAP_SYS_ADMIN : 0;
  set_capabilities(child, capabilities | to_load);
  read_back_identity(child, capabilities | to_load);
  set_up_execution(child);
  load_filter(child);
  if (to_load != 0) {
    give_capabilities(child, capabilities);
  }
}

}  // namespace dunnage::launcher
