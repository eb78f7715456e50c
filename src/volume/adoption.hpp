// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Volumes of other engines: found on the disk, and made volumes of a store.

#include <dunnage/volume_archive.hpp>

#include "volume/layout.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dunnage::volume {

inline constexpr const char* kAdoptVolume = "adopt volume";

/// As dunnage::adoptable(). Throws: VolumeError, CallError.
[[nodiscard]] std::vector<AdoptableVolume> find_adoptable(const std::filesystem::path& volumes,
                                                          std::string_view inspected);

/// Throws: VolumeError, CallError.
[[nodiscard]] VolumeInfo adopt_volume(const Layout& layout, const AdoptableVolume& volume,
                                      const VolumeAdoptOptions& options);

}  // namespace dunnage::volume
