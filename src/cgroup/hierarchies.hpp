// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Where this process may make cgroups: found once, by its own /proc/self/mountinfo and /proc/self/cgroup.

#include "kernel/file_descriptor.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::cgroup {

enum Controllers : unsigned {
  kMemory = 1U,
  kPids = 2U,
  kCpu = 4U,
  kCpuAccounting = 8U,  ///< of version 1; in version 2 every cgroup counts the time of processors
  kCpuset = 16U,
  kIo = 32U,  ///< "blkio" in version 1
};
inline constexpr unsigned kAllControllers = 63U;

/// Its name in that version of cgroups; empty if it has none there.
[[nodiscard]] std::string_view name_of(Controllers controller, bool unified) noexcept;

/// "+memory +pids": as cgroup.subtree_control takes them in version 2.
[[nodiscard]] std::string words_of(unsigned controllers);

/// One tree of cgroups with a controller containers can use.
struct Hierarchy {
  bool unified = false;
  std::uint32_t number = 0;     ///< what the launcher knows it by; less than kMostHierarchies
  unsigned controllers = 0;     ///< that can be had here
  kernel::FileDescriptor base;  ///< the directory cgroups are made in; empty if there is none
  std::string place;            ///< its path, for people
  std::string reason;           ///< why there is none
};

class Hierarchies {
 public:
  /// Those of this process. A forked copy finds its own.
  [[nodiscard]] static std::shared_ptr<const Hierarchies> get();

  [[nodiscard]] const std::vector<Hierarchy>& all() const noexcept { return all_; }
  /// The one the controller is in; null if the machine has none.
  [[nodiscard]] const Hierarchy* of(Controllers controller) const noexcept;

 private:
  std::vector<Hierarchy> all_;
};

}  // namespace dunnage::cgroup
