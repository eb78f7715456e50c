// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The least that can be done for a container with the same features, in this process: a clone3(2) that shares the
/// memory of the caller (CLONE_VM | CLONE_VFORK), raw system calls on what was prepared before, execve(2), wait.
///
/// With a root it makes what a container of this library has: /proc, read-only /sys and cgroup, a /dev of its own with
/// nodes, devpts, shm and mqueue, masked and read-only paths, host name, loopback, the same capabilities, ids, limits,
/// keyring and no_new_privs. It leaves out: attributes of binds (nosuid, nodev), every check of where a path leads,
/// streams, reports of failures, supervision and clean-up.

#include "bench/launch/floor_limits.hpp"
#include "bench/launch/floor_mounts.hpp"

#include <linux/filter.h>

#include <cstdint>
#include <string>
#include <vector>

namespace dunnage::bench {

struct FloorOptions {
  bool network = true;    ///< a network namespace of its own, as the other five
  bool secured = false;   ///< besides, a seccomp filter of 148 rules, and a cgroup of version 2 where one can be made
  bool filtered = false;  ///< besides, the seccomp filter that a container of this library has by default
  bool limited = false;   ///< besides, limits of memory and processes
  FloorTree tree{};       ///< without a root nothing is mounted or dropped: namespaces, the program, its end
};

/// Its members are what the clone reads; it may not be moved while launch() runs.
class Floor {
 public:
  /// May change the mount namespace of this process: call it in a worker. Throws: std::system_error.
  explicit Floor(FloorOptions options);

  /// Throws: std::system_error.
  void launch();

 private:
  static void child(void* self) noexcept;
  [[noreturn]] void run() const noexcept;

  FloorOptions options_;
  FloorMounts mounts_;
  FloorLimits limits_;
  std::vector<sock_filter> filter_;
  std::uint32_t filter_flags_ = 0;
  std::string cgroups_;  ///< where groups are made; empty: nowhere
  std::vector<char> stack_;
};

}  // namespace dunnage::bench
