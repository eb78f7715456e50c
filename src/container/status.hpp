// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The launcher's word for how a container is, as the library says it.

#include <dunnage/container.hpp>

#include "launcher/protocol.hpp"

namespace dunnage::container {

[[nodiscard]] ContainerStatus status_of(launcher::ContainerState state) noexcept;

}  // namespace dunnage::container
