// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the host has at a bind mount's source.

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>

#include <filesystem>
#include <string>

namespace dunnage::plan {

struct BindSource {
  std::filesystem::path path;  ///< absolute, without symbolic links as far as it exists
  FileKind kind = FileKind::Directory;
  bool missing = false;
  bool mountpoint = false;  ///< something is mounted at the path
  std::string followed{};   ///< the path before symbolic links were followed, if there were any
};

/// \param current_directory base of a relative source; empty: that of the process
/// Throws: MountError if the source cannot be looked at, or is missing, not to be created and not optional.
[[nodiscard]] BindSource look_at_source(const BindMount& mount, const std::filesystem::path& current_directory);

}  // namespace dunnage::plan
