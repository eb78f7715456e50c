// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The kinds of value an option can have, and their grammars.

#include "spec/field.hpp"

#include <dunnage/bind_mount.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::spec {

enum class ValueKind {
  Word,         ///< the bare key, never a value
  Switch,       ///< the bare key, or one of `true` `1` `false` `0`
  Text,         ///< any text that is not empty
  Size,         ///< bytes, or a number with `k` `m` `g` `t` `p`
  Mode,         ///< permission bits in octal
  Id,           ///< a user or group number
  Propagation,  ///< `private` … `rslave`
  Recursion,    ///< `enabled` `disabled` `writable` `readonly`
  Label,        ///< `key` or `key=value`
};

struct Value {
  Piece text{};  ///< of a Word: the word itself
  bool on = true;
  std::uint64_t number = 0;
  Propagation propagation{};
  Recursion recursion{};
  std::string label{};
};

/// Throws: SpecError with a caret under the value.
[[nodiscard]] Value parse_value(const Input& input, ValueKind kind, const Field& field);

/// Docker's sizes, base 1024: a number as in C, perhaps with a fraction, one space at most, and a suffix like `m`,
/// `MB` or `MiB`. Fractions of a byte are cut off.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace dunnage::spec
