// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The data of a volume that has a limit, which is held the way its mark says: limit_mark.hpp.

#include <dunnage/volume.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/deed.hpp"
#include "volume/layout.hpp"
#include "volume/stage.hpp"

#include <cstdint>
#include <string>

namespace dunnage::volume {

/// Makes the data directory of a stage, with its limit, and proves it. On the disk on return.
/// Throws: VolumeError(not_supported) if the limit does not hold; as make_image(); CallError.
void make_limited_data(const Layout& layout, const Deed& deed, const Stage& stage, const VolumeLimit& limit,
                       LimitWay way, const Watch& watch);

/// The top of the data as containers see it; a mount, of an image. O_PATH will have to do.
/// \param directory  of a volume, or of a stage. Throws: as mount_image().
[[nodiscard]] kernel::FileDescriptor open_limited_data(const Deed& deed, int directory, LimitWay way);

/// What was done in an image of a stage is on the disk on return. Nobody has it mounted any more. Throws: CallError.
void sync_image(int directory);

/// Gives the limit of a volume to data that was copied from it as it is. Without a mark: that is the volume's.
/// Throws: as make_limited_data().
void keep_limit(const Layout& layout, const Deed& deed, const Stage& stage, const VolumeInfo& volume,
                const Watch& watch);
/// Limits the data, a subvolume of btrfs. Throws: VolumeError if it takes more already; CallError.
void put_quota(const Deed& deed, int directory, const VolumeLimit& limit);

/// The limit of a volume that is there becomes another one. What is no change is gone on with, if it was begun.
/// Throws: VolumeError, and it is as it was.
void change_limit(const Layout& layout, const Deed& deed, int directory, const VolumeInfo& volume,
                  const VolumeLimit& limit, const Watch& watch);

/// What is known without metadata: the way, and the size that is there. Throws: CallError.
[[nodiscard]] VolumeLimit found_limit(int directory, LimitWay way);

}  // namespace dunnage::volume
