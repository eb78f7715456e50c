// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Going back to a snapshot.
///
/// A copy of the snapshot is made in `staging/`, as what is going to be the snapshot of the state before; then the data
/// directories of the stage and of the volume change places, which the file system does at one instant; then the stage
/// is renamed to its place among the snapshots:
///
///     staging/ID/{metadata,rollback,_data (new)}     volumes/NAME/_data (old)      copied, synced
///     staging/ID/{metadata,rollback,_data (old)}     volumes/NAME/_data (new)      exchanged
///     volumes/NAME/snapshots/BEFORE/_data (old)      volumes/NAME/_data (new)      published
///
/// `rollback` says which data was copied (by its identity) and where the stage belongs. Whoever finds a stage that a
/// killed process left knows by it on which of the first two lines it was, and goes on from the second one: the state
/// before is never deleted. Power cuts are no different, as all of it was synced before the exchange.

#include <dunnage/volume_snapshot.hpp>

#include "volume/layout.hpp"

#include <optional>
#include <string>

namespace dunnage::volume {

/// Throws: as VolumeHistory::rollback().
[[nodiscard]] std::optional<VolumeSnapshot> roll_back(const Layout& layout, const std::string& volume,
                                                      const std::string& snapshot, const RollbackOptions& options);

/// Goes on with a rollback whose process was killed after the exchange.
/// \param directory  of the stage, which nobody holds
/// \return whether the stage is to be left alone: it has its place now, or could not get it this time
[[nodiscard]] bool finish_rollback(const Layout& layout, int staging, const std::string& id, int directory);

}  // namespace dunnage::volume
