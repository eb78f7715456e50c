// SPDX-License-Identifier: Apache-2.0
#include "error/nearest.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dunnage::error {
namespace {

constexpr std::size_t kLongest = 64;
using Row = std::array<std::size_t, kLongest + 1>;

std::size_t edit_distance(std::string_view left, std::string_view right) {
  Row before_previous{};
  Row previous{};
  Row current{};
  for (std::size_t column = 0; column <= right.size(); ++column) {
    previous.at(column) = column;
  }
  for (std::size_t row = 1; row <= left.size(); ++row) {
    current.at(0) = row;
    for (std::size_t column = 1; column <= right.size(); ++column) {
      const std::size_t substitution = left[row - 1] == right[column - 1] ? 0 : 1;
      std::size_t best =
          std::min({previous.at(column) + 1, current.at(column - 1) + 1, previous.at(column - 1) + substitution});
      if (row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1]) {
        best = std::min(best, before_previous.at(column - 2) + 1);
      }
      current.at(column) = best;
    }
    before_previous = previous;
    previous = current;
  }
  return previous.at(right.size());
}

template <typename Word>
std::optional<std::string> nearest_of(std::string_view word, std::span<const Word> candidates) {
  if (word.empty() || word.size() > kLongest) {
    return std::nullopt;
  }
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::optional<std::string> found;
  for (const std::string_view candidate : candidates) {
    const std::size_t longer = std::max(candidate.size(), word.size()) - std::min(candidate.size(), word.size());
    if (candidate.size() > kLongest || longer >= best || candidate == word) {
      continue;
    }
    if (const std::size_t distance = edit_distance(word, candidate); distance < best) {
      best = distance;
      found = std::string{candidate};
    }
  }
  return found;
}

}  // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates) {
  return nearest_of(word, candidates);
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates) {
  return nearest_of(word, candidates);
}

}  // namespace dunnage::error
