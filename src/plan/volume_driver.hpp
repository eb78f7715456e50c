// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the volume's own options say of how it is mounted.

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>

namespace dunnage::plan {

/// Puts `mount.driver_options` into effect, with a reason for each. Throws: MountError.
void take_driver_options(const VolumeMount& volume, ResolvedMount& mount);

}  // namespace dunnage::plan
