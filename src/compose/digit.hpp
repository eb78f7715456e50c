// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Digits of ASCII, whatever the locale of the host.

namespace dunnage::compose {

[[nodiscard]] constexpr bool is_digit(char byte) noexcept { return byte >= '0' && byte <= '9'; }

}  // namespace dunnage::compose
