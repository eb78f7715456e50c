// SPDX-License-Identifier: Apache-2.0
#include "support/call_errors.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>

namespace dunnage::test {

namespace {

struct KnownCall {
  long number;
  const char* name;
  std::vector<int> errors;
};

const std::vector<KnownCall>& known_calls() {
  static const std::vector<int> opening{EMFILE, ENFILE, ENOSPC, EDQUOT, EIO, ENOMEM, EINTR};
  static const std::vector<int> making{ENOSPC, EDQUOT, EIO, ENOMEM};
  static const std::vector<int> looking{EIO, ENOMEM};
  static const std::vector<int> writing{ENOSPC, EDQUOT, EIO, EINTR};
  static const std::vector<int> descriptors{EMFILE, ENFILE, ENOMEM};
  static const std::vector<int> starting{EAGAIN, ENOMEM};
  static const std::vector<KnownCall> calls{
#define DUNNAGE_CALL(name, ...) {SYS_##name, #name, __VA_ARGS__}
      DUNNAGE_CALL(openat, opening),
      DUNNAGE_CALL(openat2, opening),
      DUNNAGE_CALL(mkdirat, making),
      DUNNAGE_CALL(mknodat, making),
      DUNNAGE_CALL(linkat, making),
      DUNNAGE_CALL(symlinkat, making),
      DUNNAGE_CALL(renameat, making),
      DUNNAGE_CALL(renameat2, making),
      DUNNAGE_CALL(unlinkat, looking),
      DUNNAGE_CALL(fchmod, making),
      DUNNAGE_CALL(fchmodat, making),
      DUNNAGE_CALL(fchown, making),
      DUNNAGE_CALL(fchownat, making),
      DUNNAGE_CALL(utimensat, making),
      DUNNAGE_CALL(fsetxattr, making),
      DUNNAGE_CALL(ftruncate, making),
      DUNNAGE_CALL(fallocate, making),
      DUNNAGE_CALL(write, writing),
      DUNNAGE_CALL(writev, writing),
      DUNNAGE_CALL(pwrite64, writing),
      DUNNAGE_CALL(copy_file_range, writing),
      DUNNAGE_CALL(read, {EIO, EINTR}),
      DUNNAGE_CALL(pread64, {EIO, EINTR}),
      DUNNAGE_CALL(getdents64, looking),
      DUNNAGE_CALL(readlinkat, looking),
      DUNNAGE_CALL(fstat, looking),
      DUNNAGE_CALL(newfstatat, looking),
      DUNNAGE_CALL(statx, looking),
      DUNNAGE_CALL(faccessat, looking),
      DUNNAGE_CALL(faccessat2, looking),
      DUNNAGE_CALL(fsync, {EIO, ENOSPC, EDQUOT, EINTR}),
      DUNNAGE_CALL(fdatasync, {EIO, ENOSPC, EDQUOT, EINTR}),
      DUNNAGE_CALL(syncfs, {EIO, ENOSPC, EDQUOT}),
      DUNNAGE_CALL(close, {EIO, ENOSPC, EDQUOT, EINTR}),
      DUNNAGE_CALL(fcntl, {EMFILE, ENOLCK, EINTR}),
      DUNNAGE_CALL(mmap, {ENOMEM}),
      DUNNAGE_CALL(clone, starting),
      DUNNAGE_CALL(clone3, starting),
      DUNNAGE_CALL(pipe2, descriptors),
      DUNNAGE_CALL(socket, descriptors),
      DUNNAGE_CALL(socketpair, descriptors),
      DUNNAGE_CALL(memfd_create, descriptors),
      DUNNAGE_CALL(eventfd2, descriptors),
      DUNNAGE_CALL(epoll_create1, descriptors),
      DUNNAGE_CALL(timerfd_create, descriptors),
      DUNNAGE_CALL(open_tree, descriptors),
      DUNNAGE_CALL(fsopen, descriptors),
      DUNNAGE_CALL(fsconfig, {ENOMEM}),
      DUNNAGE_CALL(fsmount, descriptors),
      DUNNAGE_CALL(ioctl, looking),
      DUNNAGE_CALL(mount_setattr, {ENOMEM}),
      DUNNAGE_CALL(umount2, {ENOMEM}),
      DUNNAGE_CALL(pivot_root, {ENOMEM}),
      DUNNAGE_CALL(chroot, {ENOMEM}),
      DUNNAGE_CALL(chdir, looking),
      DUNNAGE_CALL(fchdir, looking),
      DUNNAGE_CALL(getcwd, {ENOMEM}),
      DUNNAGE_CALL(fstatfs, looking),
      DUNNAGE_CALL(pidfd_open, descriptors),
      DUNNAGE_CALL(signalfd4, descriptors),
      DUNNAGE_CALL(epoll_ctl, {ENOMEM, ENOSPC}),
      DUNNAGE_CALL(epoll_pwait, {EINTR}),
      DUNNAGE_CALL(accept4, descriptors),
      DUNNAGE_CALL(bind, {ENOMEM, ENOSPC}),
      DUNNAGE_CALL(connect, {ENOMEM}),
      DUNNAGE_CALL(dup3, {EMFILE}),
      DUNNAGE_CALL(move_mount, {ENOMEM, ENOSPC}),
      DUNNAGE_CALL(unshare, {ENOMEM, ENOSPC}),
      DUNNAGE_CALL(setns, {ENOMEM}),
      DUNNAGE_CALL(setgroups, {ENOMEM}),
      DUNNAGE_CALL(setresgid, {ENOMEM}),
      DUNNAGE_CALL(setresuid, {ENOMEM, EAGAIN}),
      DUNNAGE_CALL(capset, {ENOMEM}),
      DUNNAGE_CALL(prctl, {ENOMEM}),
      DUNNAGE_CALL(seccomp, {ENOMEM}),
      DUNNAGE_CALL(keyctl, {ENOMEM, EDQUOT}),
      DUNNAGE_CALL(execve, {ENOMEM, EIO, ENFILE}),
      DUNNAGE_CALL(execveat, {ENOMEM, EIO, ENFILE}),
      // a message of the launcher's that is not sent is missed when its time is over, longer than a run may take
      DUNNAGE_CALL(sendmsg, {EINTR}),
      DUNNAGE_CALL(recvmsg, {EINTR}),
      DUNNAGE_CALL(poll, {ENOMEM, EINTR}),
      DUNNAGE_CALL(ppoll, {ENOMEM, EINTR}),
      DUNNAGE_CALL(getrandom, {EINTR}),
#undef DUNNAGE_CALL
  };
  return calls;
}

const KnownCall* find_call(long call) {
  const auto& calls = known_calls();
  const auto found = std::find_if(calls.begin(), calls.end(), [&](const KnownCall& one) { return one.number == call; });
  return found == calls.end() ? nullptr : &*found;
}

}  // namespace

std::vector<int> errors_of_call(long call) {
  const KnownCall* known = find_call(call);
  return known == nullptr ? std::vector<int>{} : known->errors;
}

std::string name_of_call(long call) {
  const KnownCall* known = find_call(call);
  return known == nullptr ? std::to_string(call) : known->name;
}

}  // namespace dunnage::test
