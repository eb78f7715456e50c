// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// In what two trees of a volume's history differ.

#include <dunnage/volume_snapshot.hpp>

#include "launcher/connection.hpp"
#include "volume/snapshots.hpp"

#include <vector>

namespace dunnage::volume {

/// Sorted by path. \param before, after  directories, O_PATH will do. Throws: VolumeError, CallError.
[[nodiscard]] std::vector<SnapshotChange> tree_difference(const Deed& deed, const launcher::Connection& connection,
                                                          int before, int after, const DiffOptions& options);

}  // namespace dunnage::volume
