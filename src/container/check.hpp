// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is wrong with the records of containers. A container that died with its launcher is listed as dead, and is not
/// reported: its record is whole.

#include "volume/findings.hpp"
#include "volume/layout.hpp"

namespace dunnage::container {

/// Of all records. The faults may be repaired under a RepairLock. Throws: kernel::CallError.
[[nodiscard]] volume::StoreFaults faults_of_containers(const volume::Layout& layout);

}  // namespace dunnage::container
