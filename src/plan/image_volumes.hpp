// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The places an image declares as volumes.

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>

#include <string>
#include <vector>

namespace dunnage::plan {

/// What an image wants to have mounted.
struct DeclaredVolumes {
  std::string image;               ///< its name, for messages
  std::vector<std::string> paths;  ///< as it writes them; nobody vouches for them
  ImageVolumes as = ImageVolumes::Anonymous;
};

/// The plan with a mount at each of these places that has none yet, in order, each with its reason.
/// Throws: MountError(target_conflict) for "/" and for what the container keeps to itself (/proc, /sys, /dev and all
/// below), MountError(invalid_argument) for what is no path, or if there are more than 1,000.
[[nodiscard]] MountPlan with_image_volumes(const MountPlan& plan, const DeclaredVolumes& volumes,
                                           const ResolveOptions& options);

}  // namespace dunnage::plan
