// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Taking over the mounts of other containers.

#include <dunnage/container.hpp>
#include <dunnage/mount_plan.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace dunnage::launch {

/// `own`, and the volumes, bind and image mounts of the recorded containers at the targets that are free.
/// \param subject the container that is launched, for messages
/// Throws: LaunchError(container_missing), LaunchError(invalid_argument) for an ambiguous id.
[[nodiscard]] MountPlan with_volumes_from(const MountPlan& own, const std::vector<VolumesFrom>& others,
                                          const std::filesystem::path& store, const std::string& subject);

}  // namespace dunnage::launch
