// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A path in a volume, looked at without leaving it.

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>

namespace dunnage::plan {

/// What `mount.subpath` is in the volume, with the reason added to the mount. Of what is not there, or cannot be looked
/// at by this user, a directory is made or found when it is prepared. Throws: MountError if it is neither a directory
/// nor a file, or a link in it leads out of the volume.
[[nodiscard]] FileKind look_below(const VolumeMount& volume, ResolvedMount& mount);

}  // namespace dunnage::plan
