// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Room for the directory the kernel makes anew each time it mounts an overlay. Where there is none it mounts it
/// read-only, without a word to who asked: a container that has filled its limit could not be started to delete
/// anything. So a file `spare` keeps some in an image, beside `upper` and `work`, and a quota is larger for the moment.

#include "image/limited_changes.hpp"

#include <cstdint>

namespace dunnage::image {

/// Makes `spare` in new changes. On the disk on return. Throws: kernel::CallError.
void keep_room(const LimitedChanges& changes);

/// There is room as long as this is there. A process that is killed meanwhile leaves a quota that is set again by the
/// next launch, or no `spare`, and what it took free, which no program has come to use.
class MountRoom {
 public:
  /// \param changes  outlive it. Throws: kernel::CallError.
  MountRoom(const LimitedChanges& changes, std::uint64_t size);
  MountRoom(const MountRoom&) = delete;
  MountRoom& operator=(const MountRoom&) = delete;
  ~MountRoom();

  /// Takes it back: from here on the limit is as it was. Throws: kernel::CallError.
  void end();

 private:
  const LimitedChanges* changes_;
  std::uint64_t size_;
};

}  // namespace dunnage::image
