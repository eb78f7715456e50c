// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Other data for a volume, at one instant.

#include <dunnage/progress.hpp>

#include "volume/snapshots.hpp"
#include "volume/stage.hpp"

namespace dunnage::volume {

/// The data in the stage and that of the volume change places, with the launcher's rights where it belongs to other ids.
/// Nobody may use the volume meanwhile. Not synced.
/// \param volume  its directory
/// Throws: VolumeError(not_supported) if the data is at a mount point, VolumeError with the errno of what failed;
/// CallError.
void exchange_data(const HistoryDeed& deed, const Stage& stage, int volume, const Watch& watch);

}  // namespace dunnage::volume
