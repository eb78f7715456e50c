// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// New volumes with the data of others, and with what they are seeded with.

#include <dunnage/progress.hpp>
#include <dunnage/volume.hpp>
#include <dunnage/volume_snapshot.hpp>

#include "volume/create.hpp"
#include "volume/layout.hpp"

#include <functional>
#include <string>

namespace dunnage::volume {

/// Throws: as VolumeStore::clone().
[[nodiscard]] VolumeClone clone_volume(const Layout& layout, const std::string& source, const std::string& name,
                                       const CloneOptions& options);

/// Of a tar archive, which is read above this folder. What it is given outlives what it answers.
using ContentOfArchive = std::function<Content(const SeedArchive& seed, const std::string& name, const Watch& watch)>;

/// What create() is to put into a volume. \param options, watch  outlive it
/// Throws: VolumeError(invalid_argument) for a seed that cannot be one, what `content_of_archive` throws.
[[nodiscard]] Content content_of_seed(const Layout& layout, const std::string& name, const VolumeOptions& options,
                                      const Watch& watch, const ContentOfArchive& content_of_archive);

}  // namespace dunnage::volume
