// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/image_mount.hpp>
#include <dunnage/spec.hpp>

namespace dunnage::spec {

/// What an engine understood as an image mount.
[[nodiscard]] ImageMount image_mount(SpecMount&& mount);

}  // namespace dunnage::spec
