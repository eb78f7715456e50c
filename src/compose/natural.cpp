// SPDX-License-Identifier: Apache-2.0
#include "compose/natural.hpp"

#include "compose/digit.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dunnage::compose {
namespace {

/// Everything beyond ASCII is taken for a letter: keys are.
bool is_letter(char byte) noexcept {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || static_cast<unsigned char>(byte) >= 0x80;
}

struct Number {
  std::uint64_t value;
  std::size_t end;
};

Number number_at(std::string_view text, std::size_t begin, std::uint64_t value) {
  constexpr std::uint64_t kTen = 10;
  std::size_t at = begin;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    value = value * kTen + static_cast<std::uint64_t>(text[at] - '0');
  }
  return {value, at};
}

/// Zeros behind other digits are a part of a number, and those before it are not.
std::uint64_t digits_before(std::string_view text, std::size_t at) {
  for (std::size_t place = at; place > 0 && is_digit(text[place - 1]); --place) {
    if (text[place - 1] != '0') {
      return 1;
    }
  }
  return 0;
}

}  // namespace

bool natural_less(std::string_view left, std::string_view right) {
  const auto [mismatch, other] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  const auto at = static_cast<std::size_t>(mismatch - left.begin());
  if (at == left.size() || at == right.size()) {
    return left.size() < right.size();
  }
  const bool left_letter = is_letter(left[at]);
  const bool right_letter = is_letter(right[at]);
  if (left_letter && right_letter) {
    return static_cast<unsigned char>(left[at]) < static_cast<unsigned char>(right[at]);
  }
  if (left_letter || right_letter) {
    return (at > 0 && is_digit(left[at - 1])) ? left_letter : right_letter;
  }
  const std::uint64_t before = left[at] == '0' || right[at] == '0' ? digits_before(left, at) : 0;
  const Number one = number_at(left, at, before);
  const Number two = number_at(right, at, before);
  if (one.value != two.value) {
    return one.value < two.value;
  }
  return one.end != two.end ? one.end < two.end : left[at] < right[at];
}

}  // namespace dunnage::compose
