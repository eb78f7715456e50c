// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/floor.hpp"

#include "kernel/clone.hpp"

#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

namespace dunnage::bench {
namespace {

using kernel::raw_syscall;

long address(const void* pointer) noexcept { return reinterpret_cast<long>(pointer); }

void require(long result) noexcept {
  if (result < 0) {
    (void)raw_syscall(__NR_exit_group, -result);
  }
}

void mount(const char* source, const char* target, const char* type, unsigned long flags) noexcept {
  require(raw_syscall(__NR_mount, address(source), address(target), address(type), static_cast<long>(flags), 0));
}

}  // namespace

Floor::Floor(std::string program, FloorOptions options)
    : program_{std::move(program)}, options_{std::move(options)}, stack_(64U << 10U) {
  for (std::size_t index = 0; index < options_.binds.size(); ++index) {
    targets_.push_back("m/" + std::to_string(index));
  }
}

void Floor::run() const noexcept {
  if (!options_.root.empty()) {
    mount(options_.root.c_str(), options_.root.c_str(), nullptr, MS_BIND);
    require(raw_syscall(__NR_chdir, address(options_.root.c_str())));
    for (std::size_t index = 0; index < targets_.size(); ++index) {
      mount(options_.binds[index].c_str(), targets_[index].c_str(), nullptr, MS_BIND);
    }
    mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC);
    require(raw_syscall(__NR_pivot_root, address("."), address(".")));
    require(raw_syscall(__NR_umount2, address("."), MNT_DETACH));
  }
  const char* const argv[] = {program_.c_str(), nullptr};
  const char* const environment[] = {nullptr};
  require(raw_syscall(__NR_execve, address(program_.c_str()), address(argv), address(environment)));
  for (;;) {
    (void)raw_syscall(__NR_exit_group, 127);
  }
}

void Floor::child(void* self) noexcept { static_cast<const Floor*>(self)->run(); }

void Floor::launch() {
  clone_args arguments{};
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                    CLONE_NEWCGROUP | (options_.network ? CLONE_NEWNET : 0U);
  arguments.exit_signal = SIGCHLD;
  arguments.stack = reinterpret_cast<std::uint64_t>(stack_.data());
  arguments.stack_size = stack_.size();
  const long pid = kernel::clone_onto_stack(&arguments, child, this);
  int status = 0;
  if (pid < 0 || ::waitpid(static_cast<pid_t>(pid), &status, 0) != pid) {
    throw std::system_error{pid < 0 ? static_cast<int>(-pid) : errno, std::system_category(), "the floor's clone"};
  }
  if (status != 0) {
    throw std::system_error{WEXITSTATUS(status), std::system_category(), "the floor's child"};
  }
}

}  // namespace dunnage::bench
