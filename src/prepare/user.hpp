// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Ids as numbers.

#include <cstdint>
#include <optional>
#include <string_view>

namespace dunnage::prepare {

struct Ids {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  friend bool operator==(const Ids&, const Ids&) = default;
};

/// A decimal id of 0 … 2^32 - 2. Nothing when it is no number at all.
/// Throws: LaunchError(invalid_argument) when it looks like a number and is none: such a text is never a name.
[[nodiscard]] std::optional<std::uint32_t> parse_id(std::string_view text);

/// `uid[:gid]` in numbers; empty: 0:0. Throws: LaunchError(invalid_argument).
[[nodiscard]] Ids parse_ids(std::string_view text);

}  // namespace dunnage::prepare
