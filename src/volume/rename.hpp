// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Another name for a volume, whoever uses it meanwhile.

#include <dunnage/volume.hpp>

#include "volume/layout.hpp"

#include <string>

namespace dunnage::volume {

inline constexpr const char* kRenameVolume = "rename volume";

/// Throws: VolumeError(volume_missing, volume_exists, volume_damaged, volume_in_use, invalid_argument), CallError.
[[nodiscard]] VolumeInfo rename_volume(const Layout& layout, const std::string& from, const std::string& to);

}  // namespace dunnage::volume
