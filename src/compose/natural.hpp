// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The order in which Go's yaml package writes the keys of a mapping.

#include <string_view>

namespace dunnage::compose {

/// Numbers in names count as numbers: "a2" comes before "a10".
[[nodiscard]] bool natural_less(std::string_view left, std::string_view right);

}  // namespace dunnage::compose
