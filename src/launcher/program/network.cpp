// SPDX-License-Identifier: Apache-2.0
// Host name, loopback device, and who may send pings.

#include "launcher/program/network.hpp"
#include "launcher/detach.hpp"
#include "launcher/program/child.hpp"

#include <linux/if.h>
#include <linux/sched.h>
#include <linux/sockios.h>

namespace dunnage::launcher {
namespace {

constexpr char kOwnNetwork[] = "/proc/thread-self/ns/net";

int bring_loopback_up() noexcept {
  const auto socket = static_cast<int>(raw_syscall(__NR_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket < 0) {
    return socket;
  }
  ifreq request{};
  __builtin_memcpy(request.ifr_name, "lo", sizeof "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const long result = raw_syscall(__NR_ioctl, socket, SIOCSIFFLAGS, as_argument(&request));
  (void)close_descriptor(socket);
  return static_cast<int>(result);
}

/// Podman's net.ipv4.ping_group_range=0 0: pings without CAP_NET_RAW. The one group there is, when only one is mapped.
int allow_pings(int proc, uint32_t group) noexcept {
  const int fd =
      kernel::open_at2(proc, "sys/net/ipv4/ping_group_range", O_WRONLY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  if (fd < 0) {
    return fd == -ENOENT ? 0 : fd;  // a kernel without IPv4
  }
  char digits[24];
  const char* number = write_number(group, 10, digits);
  const size_t size = text_size(number);
  char line[64];
  __builtin_memcpy(line, number, size);
  line[size] = ' ';
  __builtin_memcpy(line + size + 1, number, size);
  const long result = write_bytes(fd, line, 2 * size + 1);
  (void)close_descriptor(fd);
  return result < 0 ? static_cast<int>(result) : 0;
}

}  // namespace

void set_names_and_network(Child& child) noexcept {
  const LaunchPayload& request = *child.slot.request;
  if (const char* hostname = text_of(child.slot, request.hostname)) {
    require(child, Step::SetHostname,
            raw_syscall(__NR_sethostname, as_argument(hostname), static_cast<long>(text_size(hostname))));
  }
  if ((request.flags & kHostNetwork) == 0) {
    if (child.slot.spare.network >= 0) {
      return;  // it was made with all of this
    }
    require(child, Step::LoopbackUp, bring_loopback_up());
    require(child, Step::PingGroups, allow_pings(child.proc, child.surroundings.single_id ? request.gid : 0));
  }
}

int open_home_network(bool rootless) noexcept {
  // an ordinary user's way back from a new namespace does not lead into the host's, over which it has no rights
  const long result = rootless ? raw_syscall(__NR_unshare, CLONE_NEWNET) : 0;
  return result < 0 ? static_cast<int>(result) : open_at(AT_FDCWD, kOwnNetwork, O_RDONLY);
}

int make_network(int home, bool single_id) noexcept {
  if (home < 0) {
    return home;
  }
  auto made = static_cast<int>(raw_syscall(__NR_unshare, CLONE_NEWNET));
  if (made >= 0) {
    const int proc = open_at(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY);
    made = bring_loopback_up();
    made = made < 0 ? made : allow_pings(proc, single_id ? static_cast<uint32_t>(raw_syscall(__NR_getgid)) : 0);
    made = made < 0 ? made : open_at(AT_FDCWD, kOwnNetwork, O_RDONLY);
    (void)close_descriptor(proc);
    if (raw_syscall(__NR_setns, home, CLONE_NEWNET) < 0) {
      exit_process(1);  // a container's network would outlive it here
    }
  }
  return made;
}

}  // namespace dunnage::launcher
