// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Other data for a volume that is there: all of it in one step, or none.

#include <dunnage/progress.hpp>
#include <dunnage/volume.hpp>

#include "volume/create.hpp"
#include "volume/deed.hpp"
#include "volume/layout.hpp"

#include <optional>

namespace dunnage::volume {

/// Makes other data in a stage and exchanges it for that of the volume, if nobody uses it. What was there is deleted.
/// \param content  makes it; on the disk on return
/// \return what is known of the volume; nothing if it is not there
/// Throws: VolumeError(volume_in_use, not_supported, volume_damaged), CallError, what `content` throws.
[[nodiscard]] std::optional<VolumeInfo> replace_data(const Layout& layout, const Deed& deed, const Content& content,
                                                     const Watch& watch);

}  // namespace dunnage::volume
