// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which other limit a volume may get, and what that means for its data.

#include <dunnage/volume_care.hpp>

#include "volume/deed.hpp"
#include "volume/layout.hpp"

#include <string>
#include <vector>

namespace dunnage::volume {

/// Puts the limit of `changes` into `after`, and what follows from it; without one, looks whether what else changes
/// leaves the limit as it is. Throws: VolumeError(not_supported, invalid_argument).
void take_limit_change(const Layout& layout, const Deed& deed, const VolumeInfo& before, const VolumeChanges& changes,
                       VolumeInfo& after);

/// Whether the data has to be copied to where the other limit is held.
[[nodiscard]] bool moves_data(const VolumeInfo& before, const VolumeInfo& after) noexcept;

/// Whether nobody may use the volume while its limit changes.
[[nodiscard]] bool limit_needs_no_users(const VolumeInfo& before, const VolumeInfo& after) noexcept;

/// What it brings with it, a sentence each. Throws: as take_limit_change().
[[nodiscard]] std::vector<std::string> costs_of_limit(const Layout& layout, const Deed& deed, const VolumeInfo& before,
                                                      const VolumeInfo& after);

}  // namespace dunnage::volume
