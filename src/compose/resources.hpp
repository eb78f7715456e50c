// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a service may use: its own keys, and those of `deploy.resources`.

#include <dunnage/resources.hpp>

#include "compose/value.hpp"

namespace dunnage::compose {

/// As Docker Compose hands it to the engine. Where both say it `deploy` counts, and says the same: the loader refuses
/// anything else. 0 says nothing, and less than 0 that there is no limit. Nothing is checked for what it means.
[[nodiscard]] Resources resources_of(const Value& service);

}  // namespace dunnage::compose
