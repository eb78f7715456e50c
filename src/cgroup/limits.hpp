// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Resources as what is written to which file of which cgroup.

#include <dunnage/resources.hpp>

#include "cgroup/hierarchies.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::cgroup {

/// One write, and what the file says then.
struct Setting {
  std::size_t cgroup = 0;  ///< of Limits::cgroups
  std::string file;
  std::string value;
  std::string expected;    ///< a whole line
  unsigned flags = 0;      ///< launcher::SettingFlags
  std::string_view limit;  ///< which member of Resources it is for
};

/// A container's cgroup in one hierarchy.
struct Cgroup {
  const Hierarchy* hierarchy = nullptr;
  unsigned controllers = 0;
};

struct Limits {
  std::shared_ptr<const Hierarchies> hierarchies;
  std::vector<Cgroup> cgroups;
  std::vector<Setting> settings;  ///< in their order
};

/// \param subject  what errors call the container
/// Throws: LaunchError(invalid_argument, not_supported) naming the limit.
[[nodiscard]] Limits limits_of(const Resources& resources, const std::string& subject);

/// Which limits this process can set, and why not, in words.
struct Offer {
  std::string limits;
  bool available = false;
  std::string detail;
};
[[nodiscard]] std::vector<Offer> offers();

}  // namespace dunnage::cgroup
