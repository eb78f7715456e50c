// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Points in time as RFC 3339 text in UTC.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::volume {

using TimePoint = std::chrono::system_clock::time_point;

/// As long as that, or as some centuries, so that it can be added to a time or compared with a difference of two.
[[nodiscard]] std::chrono::milliseconds bounded(std::chrono::milliseconds span) noexcept;

enum class Precision { Seconds, Nanoseconds };

/// "2026-11-24T23:55:01Z", or with nine digits behind the point.
[[nodiscard]] std::string format_time(TimePoint time, Precision precision);

/// Reads what format_time() writes, with any number of digits behind the point up to nine.
[[nodiscard]] std::optional<TimePoint> parse_time(std::string_view text);

}  // namespace dunnage::volume
