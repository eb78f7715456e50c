// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a snapshot holds, whatever the limit of its volume was held by when it was made.

#include "kernel/file_descriptor.hpp"
#include "volume/data_copy.hpp"
#include "volume/limit_mark.hpp"
#include "volume/snapshots.hpp"

namespace dunnage::volume {

/// The top of its files: of an image, in a mount that is not written to. Throws: as mount_image().
[[nodiscard]] kernel::FileDescriptor open_snapshot_content(const Deed& deed, const OpenSnapshot& snapshot);

/// Its files in a stage, under the limit that `volume` has, with a mark of that: as it is where the limit is the same,
/// else file by file. Throws: as copy_snapshot_data(), make_limited_data(); VolumeError if that is more than the limit.
[[nodiscard]] CopiedData copy_snapshot_within(const Layout& layout, const Deed& deed, const OpenSnapshot& snapshot,
                                              const Stage& stage, const VolumeInfo& volume, const Watch& watch);

/// Files in a stage, under another limit than they had, with a mark of that. On the disk on return.
/// \param from  the top of the files; nobody changes them meanwhile
/// Throws: as make_limited_data(); VolumeError if they are more than the limit.
[[nodiscard]] CopiedData copy_within(const Layout& layout, const Deed& deed, int from, const Stage& stage,
                                     const HeldLimit& held, const Watch& watch);

}  // namespace dunnage::volume
