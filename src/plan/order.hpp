// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The order of mounting.

#include <dunnage/mount_plan.hpp>

#include <vector>

namespace dunnage::plan {

/// Parents come before children; otherwise the order stays. A parent that was added late is moved to right before its
/// first child, and says so in its reasons. A mount that covers something of the mount above it says what.
[[nodiscard]] std::vector<ResolvedMount> in_order(std::vector<ResolvedMount> mounts);

}  // namespace dunnage::plan
