// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a user may do with a file, by the kernel's rules: modes, owners, capabilities and mounts. Access lists and
/// security modules are not known here; the kernel's own answer has them.

#include <dunnage/mount_plan.hpp>
#include <dunnage/path_explanation.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace dunnage::plan {

/// All ids as the container sees them.
struct AccessFacts {
  std::string path;  ///< what it is called in sentences
  FileOwner owner{};
  bool directory = false;
  bool device = false;
  bool regular = false;
  bool owner_mapped = true;  ///< the ids are of the container's user namespace, not just shown as nobody's
  bool group_mapped = true;
  bool unmapped_is_read_only = false;  ///< an id-mapped mount: nobody writes what belongs to an id it does not have
  bool read_only_mount = false;
  bool read_only_file_system = false;
  bool no_exec = false;
  bool no_dev = false;
  bool immutable = false;
  bool kernels_own = false;  ///< /proc and the like: the kernel alone makes what is in its directories
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups{};
  std::uint64_t capabilities = 0;  ///< in effect
};

[[nodiscard]] PathAccess access_by_rules(const AccessFacts& facts);

/// Which capabilities are in effect for a user of a container that may have `capabilities`.
[[nodiscard]] constexpr std::uint64_t in_effect(std::uint32_t uid, std::uint64_t capabilities) {
  return uid == 0 ? capabilities : 0;
}

/// Puts what stands in the user's way, and what would change it, into words.
/// \param mount the plan's; null if none serves the path
void explain_obstacles(const AccessFacts& facts, const ResolvedMount* mount, PathExplanation& told);

}  // namespace dunnage::plan
