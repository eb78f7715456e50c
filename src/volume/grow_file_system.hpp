// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A file system that takes what its device has become larger by.

#include <dunnage/volume_limit.hpp>

#include <sys/types.h>

namespace dunnage::volume {

/// One that is as large is left as it is. \param top  a directory of it, readable; \param size  of its device
/// Throws: CallError.
void grow_mounted(int top, off_t size, LimitWay way);

}  // namespace dunnage::volume
