// SPDX-License-Identifier: Apache-2.0
#include "model/volume_name.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace dunnage::model {
namespace {

constexpr std::size_t kLongestName = 128;

// Not std::isalnum: that one depends on the locale of the host program.
constexpr bool is_letter_or_digit(char character) noexcept {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9');
}

}  // namespace

bool is_valid_volume_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > kLongestName || !is_letter_or_digit(name.front())) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char character) {
    return is_letter_or_digit(character) || character == '_' || character == '.' || character == '-';
  });
}

}  // namespace dunnage::model
