// SPDX-License-Identifier: Apache-2.0
#include "cgroup/number_set.hpp"

#include <charconv>
#include <cstddef>
#include <set>
#include <system_error>

namespace dunnage::cgroup {
namespace {

std::optional<unsigned> number_in(std::string_view text) {
  unsigned number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = code == std::errc{} && end == text.data() + text.size() && number <= kMostNumber;
  return whole ? std::optional{number} : std::nullopt;
}

bool add_range(std::string_view text, std::set<unsigned>& numbers) {
  const std::size_t dash = text.find('-');
  const auto first = number_in(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number_in(text.substr(dash + 1));
  if (!first || !last || *last < *first) {
    return false;
  }
  for (unsigned number = *first; number <= *last; ++number) {
    numbers.insert(number);
  }
  return true;
}

}  // namespace

std::optional<std::vector<unsigned>> parse_number_set(std::string_view text) {
  std::set<unsigned> numbers;
  for (;;) {
    const std::size_t comma = text.find(',');
    if (!add_range(text.substr(0, comma), numbers)) {
      return std::nullopt;
    }
    if (comma == std::string_view::npos) {
      return std::vector<unsigned>{numbers.begin(), numbers.end()};
    }
    text.remove_prefix(comma + 1);
  }
}

std::string number_set_text(const std::vector<unsigned>& numbers) {
  std::string text;
  for (std::size_t index = 0; index < numbers.size();) {
    std::size_t last = index;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) {
      ++last;
    }
    text += text.empty() ? "" : ",";
    text += std::to_string(numbers[index]);
    text += last > index ? "-" + std::to_string(numbers[last]) : "";
    index = last + 1;
  }
  return text;
}

}  // namespace dunnage::cgroup
