// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Snapshots that do not say under which limit they were made.

#include "volume/deed.hpp"
#include "volume/layout.hpp"

namespace dunnage::volume {

/// Before their volume gets another limit, those that do not say which one they have are made to: until then it was the
/// volume's. \param directory  of the volume. Throws: VolumeError, CallError.
void note_limits_of_snapshots(const Layout& layout, const Deed& deed, int directory);

}  // namespace dunnage::volume
