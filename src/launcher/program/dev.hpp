// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Making the file systems of a /dev: ahead, while the launcher has nothing to do, or in the child.

#include "launcher/program/child.hpp"

namespace dunnage::launcher {

/// Detached mounts for /dev, /dev/pts and /dev/shm, the first filled. What was made before a failure is in `made`.
Failure make_dev(Spare& made, const Surroundings& surroundings) noexcept;

}  // namespace dunnage::launcher
