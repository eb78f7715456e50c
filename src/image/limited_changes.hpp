// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a container writes to its root, if that has a limit. It is held as the data of a volume is, by the same code
/// (volume/limited_data.hpp), and lies in the container's place (changes.hpp):
///
///     limited/limit     "ext4-image": which way it is held
///     limited/_data/    with upper/ and work/ in it, or an image of a file system that has these
///
/// It comes into the place in one step, whole: a process that is killed before leaves a directory in the staging of the
/// store, which whoever opens the store sweeps.

#include <dunnage/progress.hpp>
#include <dunnage/volume_limit.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/deed.hpp"
#include "volume/layout.hpp"

#include <cstdint>
#include <string>

namespace dunnage::image {

inline constexpr const char* kLimitedName = "limited";

/// A limit, and what making one takes.
struct ChangesLimit {
  const volume::Layout* store = nullptr;  ///< outlives it
  std::uint64_t size = 0;                 ///< bytes, as they were asked for
  Watch watch{};
};

/// What `upper` and `work` are in.
struct LimitedChanges {
  LimitWay way = LimitWay::None;
  kernel::FileDescriptor place;  ///< `limited`, readable
  kernel::FileDescriptor top;    ///< of an image a mount; O_PATH will have to do
};

/// Those of the container, made if they are not there. Where the limit is not held any more it is set again.
/// \param place  of its changes
/// Throws: VolumeError(not_supported, invalid_argument) if it cannot be held; as volume::make_limited_data(),
/// volume::mount_image(); kernel::CallError.
[[nodiscard]] LimitedChanges open_limited_changes(const std::string& container, int place, const ChangesLimit& limit);

/// Those that are there, for who looks into them. `way` is None if there are none. Throws: as volume::mount_image();
/// kernel::CallError.
[[nodiscard]] LimitedChanges find_limited_changes(const std::string& container, int place);

/// Where `upper` is in the place of changes that are held that way; of an image, the file it is in.
[[nodiscard]] std::string upper_path(LimitWay way);

/// `<place>/limited`, readable; empty if it is not there. Throws: kernel::CallError.
[[nodiscard]] kernel::FileDescriptor open_limited_place(int place);

}  // namespace dunnage::image
