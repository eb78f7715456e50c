// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How much volumes hold.
///
///     volumes/NAME/usage          what the last walk through the data found
///     volumes/NAME/usage-of-all   the same of all that is the volume's: with its snapshots; also in the trash
///
/// No lock is held while a tree is walked: what is found of one that was taken away meanwhile is thrown away.

#include <dunnage/volume_limit.hpp>

#include "volume/deed.hpp"
#include "volume/layout.hpp"

#include <optional>
#include <string>

namespace dunnage::volume {

/// Of the data of a volume. Throws: as VolumeStore::usage(); CallError.
[[nodiscard]] VolumeUsage usage_of(const Layout& layout, const Deed& deed, const UsageOptions& options);

/// Of all that is in the directory `name` in `place`, a volume's. \return nothing if it is gone.
/// Throws: VolumeError(cancelled, timed_out) or with the errno of what failed; CallError.
[[nodiscard]] std::optional<VolumeUsage> usage_of_all(const Layout& layout, const Deed& deed, int place,
                                                      const std::string& name, const UsageOptions& options);

}  // namespace dunnage::volume
