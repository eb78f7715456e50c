// SPDX-License-Identifier: Apache-2.0
#include "crash/sync_listener.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>

namespace dunnage::test {
namespace {

int require(long result, const char* what) {
  if (result < 0) throw std::system_error{errno, std::generic_category(), what};
  return static_cast<int>(result);
}

}  // namespace

int announce_syncs() {
  std::array<sock_filter, 4> program{{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_syncfs, 0, 1),
                                      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
                                      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
  const sock_fprog all{static_cast<unsigned short>(program.size()), program.data()};
  return require(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &all), "seccomp");
}

SyncListener::SyncListener(pid_t process, int number) {
  const kernel::FileDescriptor opened{require(::syscall(SYS_pidfd_open, process, 0), "pidfd_open")};
  listener_.reset(require(::syscall(SYS_pidfd_getfd, opened.get(), number, 0), "pidfd_getfd"));
}

void SyncListener::hear_one(const std::function<void()>& hear) const {
  seccomp_notif call{};
  if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &call) != 0) return;  // it was killed meanwhile
  hear();
  seccomp_notif_resp answer{};
  answer.id = call.id;
  answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  (void)::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

}  // namespace dunnage::test
