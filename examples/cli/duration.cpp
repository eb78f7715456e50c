// SPDX-License-Identifier: Apache-2.0
#include "duration.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace cli {
namespace {

/// Seconds of a unit; 0: there is none of that name.
std::int64_t seconds_of(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3600;
    case 'd':
      return 86'400;
    default:
      return 0;
  }
}

}  // namespace

std::chrono::seconds parse_duration(const std::string& text) {
  constexpr std::int64_t kMost = 1'000'000'000;  // some thirty years
  std::int64_t total = 0;
  std::string_view rest = text;
  do {
    std::int64_t number = -1;
    const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::int64_t unit = rest.empty() ? 1 : seconds_of(rest.front());
    if (code != std::errc{} || number < 0 || unit == 0 || number > (kMost - total) / unit) {
      throw std::invalid_argument{"\"" + text + "\" is not a time; write 7d, 12h, 1h30m or 90s"};
    }
    total += number * unit;
    rest.remove_prefix(rest.empty() ? 0 : 1);
  } while (!rest.empty());
  return std::chrono::seconds{total};
}

}  // namespace cli
