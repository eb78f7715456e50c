// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The lines of /proc/self/mountinfo and /proc/self/cgroup that are about cgroups.

#include <string>
#include <string_view>
#include <vector>

namespace dunnage::cgroup {

/// A mounted tree.
struct MountedTree {
  bool unified = false;
  std::vector<std::string> controllers;  ///< of version 1
  std::string root;                      ///< which cgroup the mount shows at its top
  std::string path;
};

/// Where a process is in a tree.
struct Membership {
  bool unified = false;
  std::vector<std::string> controllers;
  std::string path;
};

[[nodiscard]] std::vector<MountedTree> mounted_trees(std::string_view mountinfo);
[[nodiscard]] std::vector<Membership> memberships(std::string_view cgroups);

}  // namespace dunnage::cgroup
