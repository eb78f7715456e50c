// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace dunnage::spec {

/// Whether the code point is a letter of any alphabet. Docker takes one letter before a colon for a drive of Windows.
[[nodiscard]] bool is_letter(char32_t point) noexcept;

}  // namespace dunnage::spec
