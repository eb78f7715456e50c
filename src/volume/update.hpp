// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Changing what is known of a volume.

#include <dunnage/volume_care.hpp>

#include "volume/layout.hpp"

#include <functional>
#include <string>
#include <vector>

namespace dunnage::volume {

inline constexpr const char* kUpdateVolume = "update volume";

/// What a volume would be after the changes. Throws: VolumeError(invalid_argument, not_supported).
[[nodiscard]] VolumeInfo changed(const Layout& layout, const VolumeInfo& before, const VolumeChanges& changes);

[[nodiscard]] std::vector<VolumeDifference> differences_of(const VolumeInfo& before, const VolumeInfo& after);

/// Whether nobody may use it meanwhile: what is looked at when it is mounted would change.
[[nodiscard]] bool needs_no_users(const VolumeInfo& before, const VolumeInfo& after);

/// \param agree  is told how it is, under the locks that keep it so, and may throw
/// \return how it is then. Throws: as VolumeStore::update(); CallError, and it is as it was.
VolumeInfo update(const Layout& layout, const std::string& name, const VolumeChanges& changes, const Watch& watch,
                  const std::function<void(const VolumeInfo&)>& agree = {});

}  // namespace dunnage::volume
