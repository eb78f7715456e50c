// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Labels by which a project knows what is its own.

#include <string_view>

namespace dunnage::model {

/// All of Compose's begin so.
inline constexpr std::string_view kComposeLabels = "com.docker.compose.";

}  // namespace dunnage::model
