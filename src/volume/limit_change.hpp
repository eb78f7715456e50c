// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which other limit a volume may get.

#include <dunnage/volume_care.hpp>

#include "volume/deed.hpp"

namespace dunnage::volume {

/// Puts the limit of `changes` into `after`, and what follows from it; without one, looks whether what else changes
/// leaves the limit as it is. Throws: VolumeError(not_supported, invalid_argument).
void take_limit_change(const Deed& deed, const VolumeInfo& before, const VolumeChanges& changes, VolumeInfo& after);

/// Whether nobody may use the volume while its limit changes.
[[nodiscard]] bool limit_needs_no_users(const VolumeInfo& before, const VolumeInfo& after) noexcept;

}  // namespace dunnage::volume
