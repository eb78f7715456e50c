// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A mount while its text is being read: what has been said so far, and where.

#include "spec/field.hpp"

#include <dunnage/mount_set.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace dunnage::spec {

/// Bits, so that an option's row can name several.
enum class Type : unsigned { Bind = 1, Volume = 2, Tmpfs = 4 };
enum class Flag : unsigned { Volume = 1, Mount = 2, Tmpfs = 4 };

[[nodiscard]] std::string_view to_string(Type type) noexcept;
[[nodiscard]] std::string_view to_string(Flag flag) noexcept;

struct Draft {
  Type type = Type::Volume;  ///< Docker's default of `--mount`
  std::optional<Piece> source{};
  std::optional<Piece> target{};
  bool read_only = false;
  std::optional<bool> suid{};  ///< not given: the default of the type
  std::optional<bool> dev{};
  std::optional<bool> exec{};

  std::optional<Propagation> propagation{};
  Recursion recursion = Recursion::Enabled;
  Span recursion_span{};
  bool create_source = false;

  bool no_copy = false;
  Labels labels{};

  std::optional<std::uint64_t> size{};
  std::optional<unsigned> mode{};
  std::optional<std::uint32_t> uid{};
  std::optional<std::uint32_t> gid{};
};

/// The mount, after the checks that need the whole text. Throws: SpecError.
[[nodiscard]] Mount finish(const Input& input, const Draft& draft);

}  // namespace dunnage::spec
