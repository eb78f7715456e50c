// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// From a resolved mount to the kernel's flags.

#include <dunnage/mount_plan.hpp>

#include "launcher/protocol.hpp"

#include <cstdint>

namespace dunnage::prepare {

/// MOUNT_ATTR_* of the mount.
[[nodiscard]] std::uint64_t attributes_of(const ResolvedMount& mount) noexcept;
[[nodiscard]] launcher::DetachRequest request_for(const ResolvedMount& mount) noexcept;

}  // namespace dunnage::prepare
