// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/floor_calls.hpp"

#include <linux/capability.h>
#include <linux/if.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/sockios.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstdint>

namespace dunnage::bench {
namespace {

/// The capabilities a container has by default (LaunchSpec::add_capabilities).
constexpr std::uint32_t kCapabilities = 1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE | 1U << CAP_FOWNER | 1U << CAP_FSETID |
                                        1U << CAP_KILL | 1U << CAP_SETGID | 1U << CAP_SETUID | 1U << CAP_SETPCAP |
                                        1U << CAP_NET_BIND_SERVICE | 1U << CAP_SYS_CHROOT | 1U << CAP_SETFCAP;

void drop_capabilities() noexcept {
  for (unsigned capability = 0; capability <= CAP_LAST_CAP; ++capability) {
    if (capability >= 32 || (kCapabilities >> capability & 1U) == 0) {
      require(raw_syscall(__NR_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0));
    }
  }
  require(raw_syscall(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  data[0].permitted = data[0].effective = kCapabilities;
  require(raw_syscall(__NR_capset, as_argument(&header), as_argument(data)));
}

}  // namespace

void name_and_connect(bool network) noexcept {
  require(raw_syscall(__NR_sethostname, as_argument("floor"), 5));
  if (!network) {
    return;
  }
  const long socket = require(raw_syscall(__NR_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  __builtin_memcpy(request.ifr_name, "lo", sizeof "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  require(raw_syscall(__NR_ioctl, socket, SIOCSIFFLAGS, as_argument(&request)));
  (void)raw_syscall(__NR_close, socket);
}

void become_user() noexcept {
  const std::uint64_t limit[2] = {1024, 1024};
  require(raw_syscall(__NR_prlimit64, 0, RLIMIT_NOFILE, as_argument(limit), 0));
  (void)raw_syscall(__NR_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);  // a kernel without keyrings has none to share
  require(raw_syscall(__NR_setgroups, 0, 0));
  require(raw_syscall(__NR_setresgid, 0, 0, 0));
  require(raw_syscall(__NR_setresuid, 0, 0, 0));
  drop_capabilities();
  require(raw_syscall(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

}  // namespace dunnage::bench
