// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One scalar as it is printed.

#include "compose/printed.hpp"

#include <optional>

namespace dunnage::compose {

/// Nothing if it says nothing. \param key of a type before Type::Command
[[nodiscard]] std::optional<Json> printed_scalar(const Value& value, const Key& key);

}  // namespace dunnage::compose
