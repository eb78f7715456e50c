// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Every option of `-v`, `--mount` and `--tmpfs` is one row of one table. A new option is a new row.

#include "spec/draft.hpp"
#include "spec/value.hpp"

#include <array>
#include <span>
#include <string_view>

namespace dunnage::spec {

/// Words of one group contradict each other: one text may hold one of them. (With `--tmpfs` the last one counts, as in
/// Docker.)
enum class Group : unsigned { None = 0, Access, Propagation, Copy, Consistency, Exec, Suid, Dev };

enum class Verdict {
  Accepted,
  NotSupported,  ///< other engines have it; refused with errc::not_supported, never ignored
  Refused,       ///< a likely slip, refused with a remedy of its own
};

struct Option {
  std::string_view name;
  std::array<std::string_view, 2> aliases;
  unsigned types;  ///< bits of Type
  unsigned flags;  ///< bits of Flag
  ValueKind kind = ValueKind::Word;
  Group group = Group::None;
  void (*set)(Draft&, const Value&) = nullptr;  ///< null: accepted without effect, or not accepted
  Verdict verdict = Verdict::Accepted;
  std::string_view remedy{};  ///< of what is not accepted

  [[nodiscard]] bool is_named(std::string_view word) const noexcept {
    return word == name || (!word.empty() && (word == aliases[0] || word == aliases[1]));
  }
  [[nodiscard]] bool takes(Type type) const noexcept { return (types & static_cast<unsigned>(type)) != 0; }
  [[nodiscard]] bool takes(Flag flag) const noexcept { return (flags & static_cast<unsigned>(flag)) != 0; }
};

[[nodiscard]] std::span<const Option> options() noexcept;

/// The row for the word; one for another type if there is none for this one; null if the flag has no such word.
[[nodiscard]] const Option* find_option(Flag flag, Type type, std::string_view word) noexcept;

}  // namespace dunnage::spec
