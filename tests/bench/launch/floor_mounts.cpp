// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/floor_mounts.hpp"

#include "bench/launch/floor_calls.hpp"
#include "bench/launch/host.hpp"

#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace dunnage::bench {
namespace {

namespace fs = std::filesystem;

constexpr unsigned long kLocked = MS_NOSUID | MS_NODEV | MS_NOEXEC;
constexpr const char* kReadOnly[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"};
constexpr const char* kMasked[] = {"proc/acpi",        "proc/asound",  "proc/interrupts",
                                   "proc/kcore",       "proc/keys",    "proc/latency_stats",
                                   "proc/sched_debug", "proc/scsi",    "proc/timer_list",
                                   "proc/timer_stats", "sys/firmware", "sys/devices/virtual/powercap",
                                   "sys/fs/selinux"};
constexpr const char* kMaskFile = "/dev/null";

void check(long result, const char* what) {
  if (result < 0) {
    throw std::system_error{errno, std::system_category(), what};
  }
}

struct Node {
  const char* name;
  unsigned major;
  unsigned minor;
};
constexpr Node kNodes[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
                           {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
constexpr const char* kLinks[][2] = {{"/proc/self/fd", "dev/fd"},
                                     {"/proc/self/fd/0", "dev/stdin"},
                                     {"/proc/self/fd/1", "dev/stdout"},
                                     {"/proc/self/fd/2", "dev/stderr"},
                                     {"pts/ptmx", "dev/ptmx"}};

void make_dev() noexcept {
  mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=64m");
  for (const Node& node : kNodes) {
    require(raw_syscall(__NR_mknodat, AT_FDCWD, as_argument(node.name), S_IFCHR | 0666,
                        static_cast<long>(makedev(node.major, node.minor))));
  }
  for (const auto& link : kLinks) {
    require(raw_syscall(__NR_symlinkat, as_argument(link[0]), AT_FDCWD, as_argument(link[1])));
  }
  for (const char* name : {"dev/pts", "dev/shm", "dev/mqueue"}) {
    require(raw_syscall(__NR_mkdirat, AT_FDCWD, as_argument(name), 0755));
  }
  mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
  mount("tmpfs", "dev/shm", "tmpfs", kLocked, "mode=1777,size=64m");
  mount("mqueue", "dev/mqueue", "mqueue", kLocked);
}

/// A mount namespace with nothing but a tmpfs in it; this process is in its own again afterwards.
kernel::FileDescriptor make_empty_namespace(const fs::path& scratch) {
  const kernel::FileDescriptor names{::open("/proc/thread-self/ns", O_PATH | O_CLOEXEC)};
  const kernel::FileDescriptor before{::openat(names.get(), "mnt", O_RDONLY | O_CLOEXEC)};
  check(::unshare(CLONE_NEWNS), "unshare");
  check(::mount("tmpfs", scratch.c_str(), "tmpfs", 0, "mode=755"), "mount");
  check(::chdir(scratch.c_str()), "chdir");
  check(::mkdir("empty", 0755) | ::mkdir("dev", 0755) | ::mknod("dev/null", S_IFCHR | 0666, makedev(1, 3)), "mkdir");
  check(::syscall(SYS_pivot_root, ".", "."), "pivot_root");
  check(::umount2(".", MNT_DETACH), "umount");
  kernel::FileDescriptor empty{::openat(names.get(), "mnt", O_RDONLY | O_CLOEXEC)};
  check(empty.get(), "open the namespace");
  check(::setns(before.get(), CLONE_NEWNS), "setns");
  return empty;
}

}  // namespace

FloorMounts::FloorMounts(const FloorTree& tree) : root_{tree.root.string()} {
  make_mounts_private();
  for (const char* path : kMasked) {
    const fs::path full = fs::path{"/"} / path;
    if (fs::exists(full)) {
      (fs::is_directory(full) ? masked_directories_ : masked_files_).emplace_back(path);
    }
  }
  for (const char* path : kReadOnly) {
    if (fs::exists(fs::path{"/"} / path)) {
      read_only_.emplace_back(path);
    }
  }
  for (std::size_t index = 0; index < tree.binds.size(); ++index) {
    sources_.push_back(tree.binds[index].string());
    targets_.push_back("m/" + std::to_string(index));
  }
  const fs::path scratch = tree.root.parent_path() / "floor";
  empty_directory_ = (scratch / "empty").string();
  fs::create_directories(empty_directory_);
  if (tree.way == FloorTree::Way::Template) {
    const fs::path place = scratch / "template";
    fs::create_directories(place);
    check(::mount(root_.c_str(), place.c_str(), nullptr, MS_BIND, nullptr), "bind the root");
    for (std::size_t index = 0; index < sources_.size(); ++index) {
      check(::mount(sources_[index].c_str(), (place / targets_[index]).c_str(), nullptr, MS_BIND, nullptr), "bind");
    }
    tree_.reset(::open(place.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const fs::path empty = scratch / "namespace";
    fs::create_directories(empty);
    empty_ = make_empty_namespace(empty);
    empty_directory_ = "/empty";
  }
}

void FloorMounts::bind_all() const noexcept {
  mount(root_.c_str(), root_.c_str(), nullptr, MS_BIND);
  require(raw_syscall(__NR_chdir, as_argument(root_.c_str())));
  for (std::size_t index = 0; index < targets_.size(); ++index) {
    mount(sources_[index].c_str(), targets_[index].c_str(), nullptr, MS_BIND);
  }
}

void FloorMounts::leave_old_root() const noexcept {
  if (tree_) {
    require(raw_syscall(__NR_chroot, as_argument(".")));
    return;
  }
  require(raw_syscall(__NR_pivot_root, as_argument("."), as_argument(".")));
  require(raw_syscall(__NR_umount2, as_argument("."), MNT_DETACH));
}

void FloorMounts::enter() const noexcept {
  if (tree_) {
    const long clone = require(kernel::open_tree_at(tree_.get(), "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH));
    require(raw_syscall(__NR_setns, empty_.get(), CLONE_NEWNS));
    require(raw_syscall(__NR_unshare, CLONE_NEWNS));
    require(raw_syscall(__NR_move_mount, clone, as_argument(""), AT_FDCWD, as_argument("/"), MOVE_MOUNT_F_EMPTY_PATH));
    require(raw_syscall(__NR_fchdir, clone));
  } else {
    bind_all();
  }
  mount("proc", "proc", "proc", kLocked);
  mount("sysfs", "sys", "sysfs", kLocked | MS_RDONLY);
  mount("cgroup2", "sys/fs/cgroup", "cgroup2", kLocked | MS_RDONLY);
  make_dev();
  for (const std::string& path : read_only_) {
    mount(path.c_str(), path.c_str(), nullptr, MS_BIND);
    mount(nullptr, path.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | kLocked);
  }
  for (const std::string& path : masked_files_) {
    mount(kMaskFile, path.c_str(), nullptr, MS_BIND);
  }
  for (const std::string& path : masked_directories_) {
    mount(empty_directory_.c_str(), path.c_str(), nullptr, MS_BIND);
  }
  leave_old_root();
}

}  // namespace dunnage::bench
