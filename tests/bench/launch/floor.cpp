// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/floor.hpp"

#include "bench/launch/floor_calls.hpp"
#include "bench/launch/row.hpp"
#include "bench/launch/seccomp_rules.hpp"
#include "kernel/clone.hpp"
#include "launch/capability.hpp"
#include "seccomp/filter.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <system_error>
#include <utility>

namespace dunnage::bench {
namespace {

/// The place for cgroups of version 2, if this process may make them.
std::string find_cgroups() {
  for (const char* place : {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"}) {
    const std::string path = std::string{place} + "/dunnage-floor-" + std::to_string(::getpid());
    if (::access((std::string{place} + "/cgroup.controllers").c_str(), F_OK) == 0 && ::mkdir(path.c_str(), 0755) == 0) {
      (void)::rmdir(path.c_str());
      return path;
    }
  }
  return {};
}

/// A cgroup for one launch.
class Group {
 public:
  explicit Group(const std::string& prefix) {
    static std::atomic<unsigned> count{0};
    if (!prefix.empty()) {
      path_ = prefix + "-" + std::to_string(++count);
      (void)::mkdir(path_.c_str(), 0755);
      directory_.reset(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() {
    if (directory_) {
      (void)::rmdir(path_.c_str());
    }
  }
  [[nodiscard]] int descriptor() const noexcept { return directory_.get(); }

 private:
  std::string path_;
  kernel::FileDescriptor directory_;
};

}  // namespace

Floor::Floor(FloorOptions options) : options_{std::move(options)}, stack_(64U << 10U) {
  if (!options_.tree.root.empty()) {
    mounts_ = FloorMounts{options_.tree};
  }
  if (options_.secured) {
    filter_ = make_seccomp_rules();
    cgroups_ = find_cgroups();
  }
  if (options_.limited) {
    limits_ = FloorLimits{kLimitedMemory, kLimitedPids};
  }
  if (options_.filtered) {
    const auto made = seccomp::filter_of(Seccomp::standard(), launch::default_capabilities());
    filter_ = made->program;
    filter_flags_ = made->flags;
  }
}

void Floor::run() const noexcept {
  const char* program = DUNNAGE_BENCH_TRUE;
  if (limits_.any()) {
    limits_.join();
  }
  if (!options_.tree.root.empty()) {
    program = "/true";
    (void)raw_syscall(__NR_setsid);
    (void)raw_syscall(__NR_umask, 022);
    mounts_.enter();
    name_and_connect(options_.network);
    become_user();
  }
  if (!filter_.empty()) {
    const sock_fprog filter{static_cast<unsigned short>(filter_.size()), const_cast<sock_filter*>(filter_.data())};
    require(raw_syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, filter_flags_, as_argument(&filter)));
  }
  const char* const argv[] = {program, nullptr};
  const char* const environment[] = {nullptr};
  require(raw_syscall(__NR_execve, as_argument(program), as_argument(argv), as_argument(environment)));
  for (;;) {
    (void)raw_syscall(__NR_exit_group, 127);
  }
}

void Floor::child(void* self) noexcept { static_cast<const Floor*>(self)->run(); }

void Floor::launch() {
  const Group group{cgroups_};
  limits_.make();
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                    (limits_.any() ? 0U : CLONE_NEWCGROUP) | (options_.network ? CLONE_NEWNET : 0U) |
                    (mounts_.makes_namespace() ? CLONE_NEWNS : 0U);
  if (const int born_into = limits_.any() ? limits_.unified() : group.descriptor(); born_into >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(born_into);
  }
  arguments.exit_signal = SIGCHLD;
  arguments.stack = reinterpret_cast<std::uint64_t>(stack_.data());
  arguments.stack_size = stack_.size();
  const long pid = kernel::clone_onto_stack(&arguments, child, this);
  int status = 0;
  const bool waited = pid >= 0 && ::waitpid(static_cast<pid_t>(pid), &status, 0) == pid;
  const int error = pid < 0 ? static_cast<int>(-pid) : errno;
  limits_.remove();
  if (!waited) {
    throw std::system_error{error, std::system_category(), "the floor's clone"};
  }
  if (status != 0) {
    throw std::system_error{WEXITSTATUS(status), std::system_category(), "the floor's child"};
  }
}

}  // namespace dunnage::bench
