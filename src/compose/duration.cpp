// SPDX-License-Identifier: Apache-2.0
#include "compose/cast.hpp"
#include "compose/digit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::compose {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::array<std::pair<std::string_view, std::int64_t>, 10> kUnits{{{"ns", 1},
                                                                            {"us", 1'000},
                                                                            {"µs", 1'000},
                                                                            {"μs", 1'000},
                                                                            {"ms", 1'000'000},
                                                                            {"s", kSecond},
                                                                            {"m", 60 * kSecond},
                                                                            {"h", 3600 * kSecond},
                                                                            {"d", 24 * 3600 * kSecond},
                                                                            {"w", 7 * 24 * 3600 * kSecond}}};

/// "1.5h": takes the first part off. Nothing if there is none that fits.
std::optional<std::int64_t> take_part(std::string_view& text) {
  const std::size_t number_end =
      std::min(static_cast<std::size_t>(
                   std::find_if(text.begin(), text.end(), [](char byte) { return !is_digit(byte) && byte != '.'; }) -
                   text.begin()),
               text.size());
  const std::string_view number = text.substr(0, number_end);
  const std::size_t unit_end =
      static_cast<std::size_t>(std::find_if(text.begin() + static_cast<std::ptrdiff_t>(number_end), text.end(),
                                            [](char byte) { return is_digit(byte) || byte == '.'; }) -
                               text.begin());
  const std::string_view unit = text.substr(number_end, unit_end - number_end);
  const auto* const found =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& one) { return one.first == unit; });
  const std::size_t point = number.find('.');
  const std::string_view whole = number.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? "" : number.substr(point + 1);
  if (found == kUnits.end() || (whole.empty() && fraction.empty()) || fraction.find('.') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto count = whole.empty() ? std::optional<std::int64_t>{0} : integer_of(whole);
  if (!count || *count > std::numeric_limits<std::int64_t>::max() / found->second) {
    return std::nullopt;
  }
  double part = 0;
  double scale = 1;
  for (const char digit : fraction) {
    scale /= 10;
    part += scale * (digit - '0');
  }
  text.remove_prefix(unit_end);
  // a fraction of a week at most, which a double holds to the nanosecond
  constexpr double kHalf = 0.5;
  return *count * found->second + static_cast<std::int64_t>(part * static_cast<double>(found->second) + kHalf);
}

}  // namespace

std::optional<std::chrono::nanoseconds> duration_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  if (text == "0") {
    return std::chrono::nanoseconds{};
  }
  std::int64_t all = 0;
  bool some = false;
  while (!text.empty()) {
    const auto part = take_part(text);
    if (!part || *part > std::numeric_limits<std::int64_t>::max() - all) {
      return std::nullopt;
    }
    all += *part;
    some = true;
  }
  return some ? std::optional{std::chrono::nanoseconds{negative ? -all : all}} : std::nullopt;
}

std::string duration_text(std::chrono::nanoseconds duration) {
  const std::int64_t count = duration.count();
  if (count == 0) {
    return "0s";
  }
  const std::string sign = count < 0 ? "-" : "";
  std::uint64_t rest = count < 0 ? ~static_cast<std::uint64_t>(count) + 1 : static_cast<std::uint64_t>(count);
  const auto with_fraction = [](std::uint64_t value, std::uint64_t unit) {
    std::string text = fmt::format("{}.{:0{}}", value / unit, value % unit, fmt::to_string(unit).size() - 1);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) {
      text.pop_back();
    }
    return text;
  };
  if (rest < kSecond) {
    return sign + (rest < 1'000       ? fmt::format("{}ns", rest)
                   : rest < 1'000'000 ? with_fraction(rest, 1'000) + "µs"
                                      : with_fraction(rest, 1'000'000) + "ms");
  }
  constexpr std::uint64_t kMinute = 60ULL * kSecond;
  const std::uint64_t hours = rest / (60 * kMinute);
  rest %= 60 * kMinute;
  std::string text = sign;
  if (hours > 0) {
    text += fmt::format("{}h", hours);
  }
  if (hours > 0 || rest >= kMinute) {
    text += fmt::format("{}m", rest / kMinute);
  }
  return text + with_fraction(rest % kMinute, kSecond) + "s";
}

}  // namespace dunnage::compose
