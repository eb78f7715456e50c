// SPDX-License-Identifier: Apache-2.0
#include "human_size.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <stdexcept>
#include <string_view>

namespace cli {

std::string human_size(std::uint64_t bytes) {
  constexpr std::array<const char*, 7> kUnits{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.3g}{}", value, kUnits.at(unit));
}

std::uint64_t parse_size(const std::string& text, const std::string& option) {
  const auto fail = [&] {
    throw std::invalid_argument{option + " \"" + text + "\" is no size; write bytes, or a number with k, m or g"};
  };
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) fail();
  std::string unit{rest, static_cast<std::size_t>(text.data() + text.size() - rest)};
  for (char& character : unit) character = static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
  constexpr std::string_view kUnits = "kmgt";
  const std::size_t power = unit.empty() ? 0 : kUnits.find(unit[0]) + 1;
  const std::string_view suffix = unit.empty() ? unit : std::string_view{unit}.substr(1);
  const bool plain = unit.empty() || unit == "b";
  if (!plain && (power == 0 || !(suffix.empty() || suffix == "b" || suffix == "ib"))) fail();
  const unsigned shift = plain ? 0 : 10 * static_cast<unsigned>(power);
  if (value > std::numeric_limits<std::uint64_t>::max() >> shift) fail();
  return value << shift;
}

}  // namespace cli
