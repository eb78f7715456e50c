// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the readers of the flags share: looking a word up, taking it, and refusing it with an explanation.

#include "spec/draft.hpp"
#include "spec/value.hpp"

#include <string_view>

namespace dunnage::spec {

/// Refuses a word the flag does not have, or has for other types only: with the right word, or the nearest one.
[[noreturn]] void refuse_word(const Input& input, Flag flag, bool own, SpecType type, const Field& field,
                              SpecRefusal refusal);
/// Refuses a word that is an option of another type.
[[noreturn]] void refuse_for_type(const Input& input, Flag flag, std::string_view word, Span span, unsigned types,
                                  std::string_view type, SpecRefusal refusal);
/// Remembers the word for its group; returns the one that was there before, or a view of nothing.
[[nodiscard]] std::string_view enter(Seen& seen, Group group, std::string_view word) noexcept;
[[noreturn]] void refuse_contradiction(const Input& input, const Field& field, std::string_view earlier,
                                       SpecRefusal refusal);

/// Whether the word, its row found, is written with a value where it has one and without where it has none.
/// Throws: SpecError; for this library's own reading of `-v` and `--tmpfs`.
void check_spelling(const Input& input, const Option& option, const Field& field);

/// Says the option in the draft.
void take(Draft& draft, const Option& option, const Value& value);

/// "bind mounts", "volumes", ...
[[nodiscard]] std::string_view plural_of(unsigned types) noexcept;
/// The type with that name.
[[nodiscard]] std::optional<SpecType> type_named(std::string_view word) noexcept;

}  // namespace dunnage::spec
