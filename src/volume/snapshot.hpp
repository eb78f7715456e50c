// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Making and removing snapshots, and going back to one.

#include <dunnage/volume_snapshot.hpp>

#include "volume/layout.hpp"

#include <optional>
#include <string>

namespace dunnage::volume {

/// These throw as the members of VolumeHistory.
[[nodiscard]] VolumeSnapshot make_snapshot(const Layout& layout, const std::string& volume,
                                           const SnapshotOptions& options);
void remove_snapshot(const Layout& layout, const std::string& volume, const std::string& snapshot);
[[nodiscard]] VolumeSnapshot label_snapshot(const Layout& layout, const std::string& volume,
                                            const std::string& snapshot, const Labels& labels);

}  // namespace dunnage::volume
