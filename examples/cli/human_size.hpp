// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Sizes as people read them.

#include <cstdint>
#include <string>

namespace cli {

/// "0B", "512B", "1.23kB", "72.9MB": three digits, powers of 1000, as Docker has it.
[[nodiscard]] std::string human_size(std::uint64_t bytes);

/// "64m", "1g", "4096", "16MiB". Throws: std::invalid_argument, naming `option`.
[[nodiscard]] std::uint64_t parse_size(const std::string& text, const std::string& option);

}  // namespace cli
