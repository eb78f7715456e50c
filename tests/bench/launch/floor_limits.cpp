// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/floor_limits.hpp"

#include "bench/launch/floor_calls.hpp"
#include "cgroup/limits.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

namespace dunnage::bench {
namespace {

[[noreturn]] void fail(const char* call) { throw std::system_error{errno, std::system_category(), call}; }

void write_to(int directory, const char* file, std::string_view value) {
  const kernel::FileDescriptor opened{::openat(directory, file, O_WRONLY | O_CLOEXEC)};
  if (!opened || ::write(opened.get(), value.data(), value.size()) < 0) {
    fail(file);
  }
}

}  // namespace

FloorLimits::FloorLimits(unsigned long memory, unsigned long pids) {
  const cgroup::Limits limits = cgroup::limits_of(
      {.memory = static_cast<std::int64_t>(memory), .pids = static_cast<std::int64_t>(pids)}, "the floor");
  const std::string name = "dunnage-floor-" + std::to_string(::getpid());
  for (std::size_t index = 0; index < limits.cgroups.size(); ++index) {
    const cgroup::Hierarchy& hierarchy = *limits.cgroups[index].hierarchy;
    Tree tree;
    tree.name = name;
    tree.base = hierarchy.base.get();
    tree.unified = hierarchy.unified;
    if (tree.unified) {
      write_to(tree.base, "cgroup.subtree_control", cgroup::words_of(limits.cgroups[index].controllers));
    }
    for (const cgroup::Setting& setting : limits.settings) {
      if (setting.cgroup == index && !setting.expected.empty()) {
        tree.writes.push_back({setting.file, setting.value});
      }
    }
    trees_.push_back(std::move(tree));
  }
}

void FloorLimits::make() {
  for (Tree& tree : trees_) {
    if (::mkdirat(tree.base, tree.name.c_str(), 0755) != 0) {
      fail("mkdir");
    }
    tree.group.reset(::openat(tree.base, tree.name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    for (const Write& write : tree.writes) {
      write_to(tree.group.get(), write.file.c_str(), write.value);
    }
  }
}

void FloorLimits::remove() noexcept {
  for (Tree& tree : trees_) {
    tree.group.reset();
    (void)::unlinkat(tree.base, tree.name.c_str(), AT_REMOVEDIR);
  }
}

int FloorLimits::unified() const noexcept {
  for (const Tree& tree : trees_) {
    if (tree.unified) {
      return tree.group.get();
    }
  }
  return -1;
}

void FloorLimits::join() const noexcept {
  for (const Tree& tree : trees_) {
    if (!tree.unified) {
      const long file =
          raw_syscall(__NR_openat, tree.group.get(), as_argument("cgroup.procs"), O_WRONLY | O_CLOEXEC, 0);
      require(file);
      require(raw_syscall(__NR_write, file, as_argument("0"), 1));
      (void)raw_syscall(__NR_close, file);
    }
  }
  require(raw_syscall(__NR_unshare, CLONE_NEWCGROUP));
}

}  // namespace dunnage::bench
