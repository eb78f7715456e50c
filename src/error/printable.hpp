// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Names and texts of others in our messages.

#include <string>
#include <string_view>

namespace dunnage::error {

/// Control characters as `\x0a`, so that a name cannot break a line or reach a terminal.
[[nodiscard]] std::string printable(std::string_view text);

/// The same of its first 100 bytes, which is enough of what somebody wrote into a file.
[[nodiscard]] std::string shortened(std::string_view text);

}  // namespace dunnage::error
