// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The kinds of value an option can have, and their grammars.

#include "spec/field.hpp"
#include "spec/option.hpp"

#include <dunnage/ownership.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace dunnage::spec {

struct Value {
  Piece text{};
  bool on = true;
  std::uint64_t number = 0;
};

/// Throws: SpecError with a caret under the value. \param own whether the limits of this library hold, too
[[nodiscard]] Value parse_value(const Input& input, const Option& option, const Field& field, bool own);

/// A size as Docker reads it: a number as in C, perhaps with a fraction, one space at most, and a suffix like `m`, `MB`
/// or `MiB`. Fractions of a byte are cut off. \param base 1024, or 1000 as in Podman's volumes
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text, unsigned base = 1024);

/// Digits in base 8 or 10, nothing else.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text, int base,
                                                        std::uint64_t greatest) noexcept;

/// What to_string(Ownership) prints: `as-is`, `match-user`, `1000:1000`, `users 0=1000+1,... groups 0=1000+1,...`.
[[nodiscard]] std::optional<Ownership> parse_owner(std::string_view text);

/// Podman's `idmap=uids=@DISK-INSIDE-COUNT#...;gids=...`; nothing for ids of the host, which the "@" is there to
/// exclude.
[[nodiscard]] std::optional<Ownership> parse_id_map(std::string_view word);

}  // namespace dunnage::spec
