// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A new volume with the content of a directory: of another volume, or of one of another engine.

#include <dunnage/progress.hpp>
#include <dunnage/volume.hpp>

#include "volume/data_copy.hpp"
#include "volume/deed.hpp"
#include "volume/layout.hpp"

#include <string>

namespace dunnage::volume {

/// Whole, or not at all. Throws: VolumeError(volume_exists, cancelled, timed_out) or with the errno of what failed.
[[nodiscard]] VolumeInfo create_copy(const Layout& layout, const std::string& name, const VolumeOptions& options,
                                     const Deed& deed, const DataCopy& copy, const Watch& watch);

inline constexpr const char* kCopyVolume = "copy volume";

/// It has the labels of the other one, but that it is anonymous. Throws: as create_copy(),
/// VolumeError(volume_missing, volume_damaged, not_supported).
[[nodiscard]] VolumeInfo copy_volume(const Layout& from, const std::string& name, const Layout& to,
                                     const std::string& new_name, const Watch& watch);

/// Labels without the one that makes a volume anonymous.
[[nodiscard]] Labels labels_of_named(Labels labels);

}  // namespace dunnage::volume
