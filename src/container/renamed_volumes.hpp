// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a container was given, with the present names of its volumes (volume/renames.hpp).

#include <dunnage/mount_plan.hpp>

#include "volume/renames.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace dunnage::container {

struct RenamedVolume {
  std::filesystem::path store;
  std::string from;
  std::string to;
};

/// Puts the present names into mounts. \param known  the positions from which on renames are to be followed, where
/// they are not the beginning; brought up to date \return what was renamed
[[nodiscard]] std::vector<RenamedVolume> follow_renames(MountPlan& mounts, std::vector<volume::KnownVolume>& known);

}  // namespace dunnage::container
