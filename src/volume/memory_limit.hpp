// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The limit of a volume in memory is what its option "o" says.

#include <dunnage/volume.hpp>

#include "volume/deed.hpp"

namespace dunnage::volume {

/// Throws: VolumeError(invalid_argument) if the options say a size themselves.
[[nodiscard]] VolumeLimitPlan plan_memory_limit(const Deed& deed, const VolumeLimit& limit,
                                                const DriverOptions& options);

/// The options, with the size and the inodes of the limit in the place of what they say of these.
[[nodiscard]] DriverOptions with_memory_limit(DriverOptions options, const VolumeLimit& limit);

/// Makes such a file system that nobody sees, as root, and tries whether it holds. Throws: VolumeError; CallError.
void prove_memory_limit(const Deed& deed, const VolumeLimit& limit);

}  // namespace dunnage::volume
