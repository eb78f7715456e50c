// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How a text is written in YAML: plain, quoted, or as a block.

#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::compose {

/// \param key whether it is a key, which is written in one line \param level how deep the lines of a block stand
[[nodiscard]] std::string scalar_in_yaml(std::string_view text, bool key, std::size_t level);

}  // namespace dunnage::compose
