// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// New volumes with the data of others, and with what they are seeded with.

#include <dunnage/progress.hpp>
#include <dunnage/volume.hpp>
#include <dunnage/volume_snapshot.hpp>

#include "volume/create.hpp"
#include "volume/layout.hpp"

#include <string>

namespace dunnage::volume {

/// Throws: as VolumeStore::clone().
[[nodiscard]] VolumeClone clone_volume(const Layout& layout, const std::string& source, const std::string& name,
                                       const CloneOptions& options);

/// What create() is to put into a volume. \param options, watch  outlive it
/// Throws: VolumeError(invalid_argument) for a seed that cannot be one.
[[nodiscard]] Content content_of_seed(const Layout& layout, const std::string& name, const VolumeOptions& options,
                                      const Watch& watch);

}  // namespace dunnage::volume
