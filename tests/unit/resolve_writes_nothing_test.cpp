// SPDX-License-Identifier: Apache-2.0
// resolve() under a filter of the kernel's that kills the process at every call that changes a file system, and rules
// that let nothing be opened for writing (openat2(2) keeps its flags out of a filter's sight).

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/volume_store.hpp>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace {

using dunnage::BindMount;
using dunnage::MountPlan;
using dunnage::MountSet;
using dunnage::Ownership;
using dunnage::Tmpfs;
using dunnage::VolumeMount;

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

struct End {
  int status = 0;
  std::string out;
};

/// Runs `work` where it cannot change anything; its end, and what it wrote.
End locked_down(const std::function<int(bool locked)>& work) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], 1);
    ::_exit(work(lock_down()));
  }
  ::close(ends[1]);
  End end;
  char buffer[4096];
  for (ssize_t size = 0; (size = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
    end.out.append(buffer, static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  REQUIRE(::waitpid(child, &end.status, 0) == child);
  return end;
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

TEST_CASE("the filter kills what it shall kill", "[plan][pure]") {
  const dunnage::test::TemporaryDirectory directory;
  const std::string path = (directory.path() / "new").string();
  const auto killed = [&](const std::function<void()>& work) {
    const End end = locked_down([&](bool) {
      work();
      return 0;
    });
    return WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGSYS;
  };
  CHECK(killed([&] { (void)::mkdir(path.c_str(), 0700); }));
  CHECK(killed([&] { (void)::open(path.c_str(), O_RDWR | O_CREAT, 0600); }));
  CHECK(killed([&] { (void)::truncate(path.c_str(), 0); }));
  CHECK(killed([&] { (void)!::write(2, "x", 1); }));
  CHECK_FALSE(killed([&] { (void)::open("/dev/null", O_RDONLY); }));
  const End end = locked_down([&](bool locked) {
    open_how how{};
    how.flags = O_CREAT | O_RDWR;
    how.mode = 0600;
    return locked && ::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how) >= 0 ? 1 : 0;
  });
  CHECK(end.status == 0);
}

TEST_CASE("a plan computed twice is equal, and computing it writes nothing", "[plan][pure]") {
  const dunnage::test::TemporaryDirectory directory;
  auto store = dunnage::VolumeStore::open(directory.path() / "store");
  const auto data = store.create("data").mountpoint();
  std::filesystem::create_directories(data / "a/b");
  (void)store.create("bound", {.driver_options = {{"type", "none"}, {"device", directory.path()}, {"o", "bind,ro"}}});
  directory.make("store/staging/left-by-a-killed-process");
  const auto source = directory.write("source/file", "").parent_path();
  const MountSet mounts{
      BindMount{source, "/a", {.read_only = true, .exclude = {"**/.git"}}},
      BindMount{source / "file", "/a/file"},
      BindMount{directory.path() / "x/y", "/created", {.create_source = true, .create_mode = 0700}},
      BindMount{directory.path() / "x/y", "/optional", {.optional = true}},
      BindMount{"/proc", "/share", {.require_mountpoint = true}},
      BindMount{source, "/owned", {.owner = Ownership::match_user()}},
      BindMount{source, "/changed", {.chown = true}},
      BindMount{source, "/labelled", {.relabel = dunnage::Relabel::Shared}},
      BindMount{source, "/over", {.overlay = dunnage::OverlayOptions{}}},
      BindMount{"source", "/relative"},
      VolumeMount{"data", "/data"},
      VolumeMount{"data", "/below", {.subpath = "a/b"}},
      VolumeMount{"data", "/new-below", {.subpath = "a/c/d"}},
      VolumeMount{"bound", "/bound"},
      VolumeMount{"new", "/new", {.labels = {{"a", "b"}}}},
      VolumeMount{"", "/anonymous"},
      VolumeMount{"", "/memory", {.driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m"}}}},
      Tmpfs{"/tmp", {.nr_inodes = 10, .no_swap = true}},
  };
  for (const auto& root : {directory.path() / "store", directory.path() / "no-store"}) {
    const dunnage::ResolveOptions options{.store = root, .current_directory = directory.path()};
    const End end = locked_down([&](bool) {
      const MountPlan plan = mounts.resolve(options);
      return plan == mounts.resolve(options) ? write_out(plan.to_json()) : 1;
    });
    CHECK_FALSE(WIFSIGNALED(end.status));
    CHECK(WEXITSTATUS(end.status) == 0);
    CHECK(end.out == mounts.resolve(options).to_json());
  }
  CHECK_FALSE(std::filesystem::exists(directory.path() / "no-store"));
  CHECK(std::filesystem::exists(directory.path() / "store/staging/left-by-a-killed-process"));
}

}  // namespace
