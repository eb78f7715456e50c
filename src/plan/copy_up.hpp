// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Whether an empty volume takes the content of an image.

#include <dunnage/mount_plan.hpp>

namespace dunnage::plan {

/// For a volume of a container that is made of an image: sets `copy_up`, and says why or why not.
void decide_copy_up(ResolvedMount& mount);

/// The same for every volume of a plan that was made without an image.
[[nodiscard]] MountPlan with_copy_up(const MountPlan& plan);

}  // namespace dunnage::plan
