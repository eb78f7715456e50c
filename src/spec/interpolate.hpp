// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "spec/host.hpp"
#include "spec/input.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::spec {

/// Compose's `$NAME`, `${NAME:-default}` and their relatives, in the whole text. A variable that is not set is empty.
/// Throws: SpecError(BadTemplate, RequiredVariable) at the stage, TooLong.
[[nodiscard]] std::string interpolate(const Input& input, const Host& host, SpecStage stage);
/// Likewise for a text that is a part of the input. \param begin where in the input
[[nodiscard]] std::string interpolate(const Input& input, std::string_view text, std::size_t begin, const Host& host,
                                      SpecStage stage);

}  // namespace dunnage::spec
