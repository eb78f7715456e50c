// SPDX-License-Identifier: Apache-2.0
// Host name, loopback device, and who may send pings.

#include "launcher/detach.hpp"
#include "launcher/program/child.hpp"

#include <linux/if.h>
#include <linux/sockios.h>

namespace dunnage::launcher {
namespace {

void bring_loopback_up(Child& child) noexcept {
  const int socket = static_cast<int>(
      require(child, Step::LoopbackUp, raw_syscall(__NR_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
  ifreq request{};
  __builtin_memcpy(request.ifr_name, "lo", sizeof "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  require(child, Step::LoopbackUp, raw_syscall(__NR_ioctl, socket, SIOCSIFFLAGS, as_argument(&request)));
  (void)close_descriptor(socket);
}

/// Podman's net.ipv4.ping_group_range=0 0: pings without CAP_NET_RAW. The one group there is, when only one is mapped.
void allow_pings(Child& child) noexcept {
  const int fd = kernel::open_at2(child.proc, "sys/net/ipv4/ping_group_range", O_WRONLY,
                                  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  if (fd == -ENOENT) {
    return;  // a kernel without IPv4
  }
  require(child, Step::PingGroups, fd);
  char digits[24];
  const char* group = write_number(child.surroundings.single_id ? child.slot.request->gid : 0, 10, digits);
  const size_t size = text_size(group);
  char line[64];
  __builtin_memcpy(line, group, size);
  line[size] = ' ';
  __builtin_memcpy(line + size + 1, group, size);
  require(child, Step::PingGroups, write_bytes(fd, line, 2 * size + 1));
  (void)close_descriptor(fd);
}

}  // namespace

void set_names_and_network(Child& child) noexcept {
  const LaunchPayload& request = *child.slot.request;
  if (const char* hostname = text_of(child.slot, request.hostname)) {
    require(child, Step::SetHostname,
            raw_syscall(__NR_sethostname, as_argument(hostname), static_cast<long>(text_size(hostname))));
  }
  if ((request.flags & kHostNetwork) == 0) {
    bring_loopback_up(child);
    allow_pings(child);
  }
}

}  // namespace dunnage::launcher
