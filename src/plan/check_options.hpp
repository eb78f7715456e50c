// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Options that make no sense, alone or together, found before anything is looked at.

#include <dunnage/mount_set.hpp>

namespace dunnage::plan {

/// Throws: MountError(invalid_argument), MountError(not_supported).
void check_options(const BindMount& mount);
void check_options(const VolumeMount& mount);
void check_options(const Tmpfs& mount);
void check_options(const ImageMount& mount);

}  // namespace dunnage::plan
