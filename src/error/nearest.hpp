// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// "Did you mean": the closest of some words.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dunnage::error {

/// The candidate with the smallest edit distance (a swap of neighbours counts as one edit), if that is at most a third
/// of the word's length, and at least one edit is always allowed. Words of more than 64 bytes have no neighbours.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates);
[[nodiscard]] std::optional<std::string> nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace dunnage::error
