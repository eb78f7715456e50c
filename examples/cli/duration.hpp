// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Lengths of time as people write them.

#include <chrono>
#include <string>

namespace cli {

/// `7d`, `12h`, `1h30m`, `90s`; a number alone is seconds. Throws: std::invalid_argument.
[[nodiscard]] std::chrono::seconds parse_duration(const std::string& text);

}  // namespace cli
