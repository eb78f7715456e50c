// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Files of lines with fields: passwd(5), group(5), subuid(5).

#include <cstddef>
#include <string_view>
#include <vector>

namespace dunnage::launcher {

/// The parts between the separators; there is always one more of them than separators.
[[nodiscard]] inline std::vector<std::string_view> fields_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

}  // namespace dunnage::launcher
