// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Whether a word is one of some, or a name.

#include "compose/cast.hpp"

#include <algorithm>
#include <string_view>

namespace dunnage::compose {

/// \param words between blanks
[[nodiscard]] inline bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t blank = std::min(words.find(' '), words.size());
    if (words.substr(0, blank) == word) {
      return true;
    }
    words.remove_prefix(std::min(blank + 1, words.size()));
  }
  return false;
}

[[nodiscard]] inline bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '.' || byte == '_' || byte == '-';
  });
}

/// A variable that is not filled in may become anything.
[[nodiscard]] inline bool is_container_name(std::string_view text) {
  constexpr std::string_view kInside = "_.-";
  return text.find('$') != std::string_view::npos ||
         (text.size() > 1 && is_name(text) && kInside.find(text.front()) == std::string_view::npos);
}

[[nodiscard]] inline bool is_pull_policy(std::string_view text) {
  if (has_word("always never build if_not_present missing refresh daily weekly", text)) {
    return true;
  }
  return text.starts_with("every_") && duration_of(text.substr(6)).has_value();
}

}  // namespace dunnage::compose
