// SPDX-License-Identifier: Apache-2.0
#include "support/locked_down.hpp"

#include "support/catch.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

namespace dunnage::test {
namespace {

const std::vector<int> kChanging{
#ifdef SYS_mkdir
    SYS_mkdir,           SYS_rmdir,        SYS_unlink,    SYS_rename,    SYS_link,      SYS_symlink,
    SYS_mknod,           SYS_chmod,        SYS_chown,     SYS_lchown,    SYS_creat,     SYS_utime,
    SYS_utimes,          SYS_futimesat,
#endif
    SYS_mkdirat,         SYS_unlinkat,     SYS_renameat,  SYS_renameat2, SYS_linkat,    SYS_symlinkat,
    SYS_mknodat,         SYS_fchmod,       SYS_fchmodat,  SYS_fchown,    SYS_fchownat,  SYS_truncate,
    SYS_ftruncate,       SYS_fallocate,    SYS_setxattr,  SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr,
    SYS_lremovexattr,    SYS_fremovexattr, SYS_utimensat, SYS_pwrite64,  SYS_writev,    SYS_pwritev,
    SYS_copy_file_range, SYS_sendfile,     SYS_splice,    SYS_mount,     SYS_umount2,   SYS_pivot_root,
    SYS_open_tree,       SYS_move_mount,   SYS_fsopen,    SYS_fsmount,   SYS_fspick,    SYS_mount_setattr,
    SYS_swapon,          SYS_sync,         SYS_fsync,     SYS_unshare,   SYS_setns};

constexpr unsigned kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

sock_filter load(std::size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offset)); }
sock_filter answer(unsigned value) { return BPF_STMT(BPF_RET | BPF_K, value); }

/// Kills when call `number` has `bits` in argument `index`; more of the argument than its low half is never flags.
void kill_with_bits(std::vector<sock_filter>& program, int number, std::size_t index, unsigned bits) {
  program.push_back(load(offsetof(seccomp_data, nr)));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 3));
  program.push_back(load(offsetof(seccomp_data, args) + 8 * index));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1));
  program.push_back(answer(SECCOMP_RET_KILL_PROCESS));
}

std::vector<sock_filter> filter() {
  std::vector<sock_filter> program;
  for (const int number : kChanging) {
    program.push_back(load(offsetof(seccomp_data, nr)));
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 1));
    program.push_back(answer(SECCOMP_RET_KILL_PROCESS));
  }
#ifdef SYS_open
  kill_with_bits(program, SYS_open, 1, kWriting);
#endif
  kill_with_bits(program, SYS_openat, 2, kWriting);
  // only standard output is written to: descriptor 1
  program.push_back(load(offsetof(seccomp_data, nr)));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3));
  program.push_back(load(offsetof(seccomp_data, args)));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0));
  program.push_back(answer(SECCOMP_RET_KILL_PROCESS));
  program.push_back(answer(SECCOMP_RET_ALLOW));
  return program;
}

/// From here on nothing can be changed. \return whether the kernel also keeps openat2 from writing
bool lock_down() {
  landlock_ruleset_attr rules{};
  for (unsigned bit = 0; bit < 13; ++bit) rules.handled_access_fs |= 1ULL << bit;
  rules.handled_access_fs &=
      ~static_cast<__u64>(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
  const long ruleset = ::syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(90);
  const bool locked = ruleset >= 0 && ::syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  std::vector<sock_filter> program = filter();
  const sock_fprog all{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all, 0, 0) != 0) ::_exit(91);
  return locked;
}

}  // namespace

DoneApart locked_down(const std::function<int(bool locked)>& work) {
  return run_apart([&work](int answer) {
    ::dup2(answer, 1);
    return work(lock_down());
  });
}

int write_out(const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t size = ::write(1, text.data() + done, text.size() - done);
    if (size <= 0) return 92;
    done += static_cast<std::size_t>(size);
  }
  return 0;
}

}  // namespace dunnage::test
