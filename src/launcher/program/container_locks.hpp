// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The locks of a container that runs: those of its launch, and those of what was attached later. Several of its mounts
/// of one volume may share one, which excludes other containers: it stays until the last of them is detached.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// Gives up one of them, unless another one of the container's is the same lock; that one of the two is closed.
void give_up_lock(const Slot& container, int& lock) noexcept;

/// Gives up what a mount of the launch had, as the change says what that is locks of: the first file is of all of them
/// or none; of the others one is the mount's.
void release_launched(Slot& container, const Slot& change) noexcept;

/// In the place of a lock of the same file: the one by which the container keeps others off the volume.
/// 0, or -EBUSY if there is none, or -errno.
long share_lock(const Slot& container, int& lock) noexcept;

}  // namespace dunnage::launcher
