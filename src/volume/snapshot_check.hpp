// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is wrong with the snapshots of a volume, and repairing it. Their data is never touched.

#include "volume/findings.hpp"
#include "volume/volume_check.hpp"

#include <memory>

namespace dunnage::volume {

/// Changes nothing. Throws: CallError.
[[nodiscard]] StoreFaults faults_of_snapshots(const std::shared_ptr<const LookedAt>& volume);

}  // namespace dunnage::volume
