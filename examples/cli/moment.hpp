// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Points in time as people write and read them.

#include <chrono>
#include <string>

namespace cli {

using Moment = std::chrono::system_clock::time_point;

/// "Less than a second", "5 seconds", "About a minute", "3 weeks": Docker's words.
[[nodiscard]] std::string in_words(std::chrono::system_clock::duration span);
/// "5 seconds ago"
[[nodiscard]] std::string age(Moment moment);
/// 2026-03-01 09:15:42 +0000 UTC
[[nodiscard]] std::string date_and_time(Moment moment);
/// 2026-03-01T09:15:42.123456789Z
[[nodiscard]] std::string rfc3339(Moment moment);
/// `2026-03-01T09:15:42[.5][Z|+01:00]` (without a zone: this machine's), `2026-03-01`, seconds since 1970, or how long
/// ago: `10m`, `1h30m`, `42s`. Throws: std::invalid_argument.
[[nodiscard]] Moment parse_moment(const std::string& text);

}  // namespace cli
