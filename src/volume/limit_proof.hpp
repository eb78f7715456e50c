// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Whether a limit holds is tried, never believed.

#include <dunnage/volume_limit.hpp>

#include "volume/deed.hpp"

namespace dunnage::volume {

/// Allocates more than the limit in a file without a name, and makes more files than it allows, where that is tried
/// (of up to 10,000 inodes; of more the file system's number is taken). Nothing of it stays.
/// \param data  the top of the data as containers see it, O_PATH will do
/// Throws: VolumeError(not_supported) if the kernel let it, CallError.
void prove_limit(const Deed& deed, int data, const VolumeLimit& limit);

}  // namespace dunnage::volume
