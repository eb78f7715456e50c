// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Other data for a volume, at one instant.

#include <dunnage/progress.hpp>
#include <dunnage/volume.hpp>

#include "volume/deed.hpp"
#include "volume/layout.hpp"
#include "volume/stage.hpp"

#include <functional>

namespace dunnage::volume {

/// The data in the stage and that of the volume change places, with the launcher's rights where it belongs to other
/// ids. Nobody uses the volume meanwhile.
/// \param volume  its directory
/// \param known  with the limit that the data in the stage is held by
/// \param settle  brings it to the disk. If it throws, the two change back; if they cannot, the stage is left to
/// whoever sweeps Throws: VolumeError(volume_missing, volume_in_use), VolumeError with EAGAIN if it has another limit
/// by now, VolumeError(not_supported) if the data is at a mount point, VolumeError with the errno of what failed;
/// CallError; what `settle` throws.
void exchange_data(const Layout& layout, const Deed& deed, Stage& stage, int volume, const VolumeInfo& known,
                   const Watch& watch, const std::function<void()>& settle);

/// The same for who keeps the volume for himself already, and knows its limit.
void exchange_kept_data(const Deed& deed, Stage& stage, int volume, const Watch& watch,
                        const std::function<void()>& settle);

}  // namespace dunnage::volume
