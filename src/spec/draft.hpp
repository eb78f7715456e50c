// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A mount while its text is being read: what has been said so far, and where.

#include "spec/field.hpp"
#include "spec/host.hpp"
#include "spec/option.hpp"

#include <dunnage/spec.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace dunnage::spec {

/// By whose rules a text is read.
struct Rules {
  Engine engine = Engine::Docker;
  /// For this library's own MountSet: its own words count, paths stay as they were written, the host is not asked, and
  /// what engines let through by mistake is refused. False: the answer of the engine, to the letter.
  bool own = false;
  Host host{};
};

/// Bits of what `bind-recursive` was told; they add up, as in Docker.
inline constexpr unsigned kNonRecursive = 1;
inline constexpr unsigned kReadOnlyNonRecursive = 2;
inline constexpr unsigned kReadOnlyForceRecursive = 4;

struct Draft {
  SpecMount mount{};         ///< values as they were said; source, target and defaults come last
  Piece type{"volume", {}};  ///< Docker's default of `--mount`
  std::optional<Piece> source{};
  Piece source_key{};  ///< the word it was given with, if there was one
  std::optional<Piece> target{};
  unsigned families = 0;   ///< bits of the types whose options were given (`bind-*` and so on)
  bool used_own = false;   ///< words of this library were given
  unsigned recursion = 0;  ///< kNonRecursive and so on
  Span recursion_span{};
  Span propagation_span{};
  Span subpath_span{};
  std::optional<Piece> upper{};
  std::optional<Piece> work{};
  std::optional<std::uint64_t> overlay_size{};
};

/// The first word of each group, to find the one it contradicts.
using Seen = std::array<std::string_view, kGroups>;

}  // namespace dunnage::spec
