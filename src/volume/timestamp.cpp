// SPDX-License-Identifier: Apache-2.0
#include "volume/timestamp.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace dunnage::volume {
namespace {

/// The decimal number at `begin`, or nothing if one of its characters is not a digit.
std::optional<unsigned> digits(std::string_view text, std::size_t begin, std::size_t count) {
  unsigned value = 0;
  for (std::size_t index = begin; index < begin + count; ++index) {
    if (text[index] < '0' || text[index] > '9') {
      return std::nullopt;
    }
    value = value * 10 + static_cast<unsigned>(text[index] - '0');
  }
  return value;
}

}  // namespace

std::string format_time(TimePoint time, Precision precision) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss<std::chrono::nanoseconds> clock{time - days};
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (precision == Precision::Nanoseconds) {
    text += fmt::format(".{:09}", clock.subseconds().count());
  }
  return text + "Z";
}

std::optional<TimePoint> parse_time(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  constexpr std::size_t kMaxFraction = 9;
  if (text.size() <= kShape.size() || text.back() != 'Z') {
    return std::nullopt;
  }
  for (std::size_t index = 0; index < kShape.size(); ++index) {
    if (kShape[index] != 'd' && text[index] != kShape[index]) {
      return std::nullopt;
    }
  }
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)}, std::chrono::month{*month},
                                         std::chrono::day{*day}};
  // Years whose nanoseconds do not fit into the clock would wrap around.
  if (!date.ok() || *year < 1700 || *year > 2200) {
    return std::nullopt;
  }
  std::int64_t nanoseconds = 0;
  const std::string_view fraction = text.substr(kShape.size(), text.size() - kShape.size() - 1);
  if (!fraction.empty()) {
    const auto value = fraction.size() - 1 <= kMaxFraction ? digits(fraction, 1, fraction.size() - 1) : std::nullopt;
    if (fraction.front() != '.' || fraction.size() < 2 || !value) {
      return std::nullopt;
    }
    nanoseconds = *value;
    for (std::size_t place = fraction.size() - 1; place < kMaxFraction; ++place) {
      nanoseconds *= 10;
    }
  }
  return std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second} + std::chrono::nanoseconds{nanoseconds};
}

std::chrono::milliseconds bounded(std::chrono::milliseconds span) noexcept {
  constexpr std::chrono::milliseconds kMost = std::chrono::hours{24} * 365 * 200;
  return std::clamp(span, -kMost, kMost);
}

}  // namespace dunnage::volume
