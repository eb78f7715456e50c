// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The steps of Compose's loader that short and long form share.

#include "spec/draft.hpp"
#include "spec/yaml.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::spec {

/// One entry of a service's `volumes:` on its way through the loader.
struct ComposeEntry {
  SpecMount mount{};
  std::string first_key{};   ///< target by which entries replace each other at first: as it was written
  std::string second_key{};  ///< and then: clean for the short form
  Span span{};
};

/// A host path: `~` is the home, absolute paths stay as they are, others lie below the project directory.
[[nodiscard]] std::string compose_path(std::string_view path, const Host& host, bool own);

/// The last steps for one mount: declared volumes, their engine names, and what the engine will refuse.
/// Throws: SpecError(UndefinedVolume).
void finish_compose(const Input& input, Span span, SpecMount& mount, const Rules& rules);

/// The short form, interpolated, up to the canonical form. Throws: SpecError.
[[nodiscard]] ComposeEntry read_short_entry(const Input& input, const Rules& rules);

/// Interpolates every text of the tree, at the stage "interpolate". Throws: SpecError.
void interpolate_tree(const Input& input, Tree& tree, const Host& host);

/// A boolean that may be written as a text. Returns nothing if it is neither.
[[nodiscard]] std::optional<bool> compose_bool(const Node& node);
[[noreturn]] void refuse_bool(const Input& input, const Node& node, SpecStage stage);
[[noreturn]] void refuse_type(const Input& input, const Node& node, std::string_view what, std::string_view wanted);
/// Refuses members the schema does not have; `x-` ones are fine.
void check_members(const Input& input, const Tree& tree, const Node& mapping, std::span<const std::string_view> known);
/// A mapping of scalars, or a list of `KEY=VALUE`. Throws: SpecError(BadType).
[[nodiscard]] Labels read_labels(const Input& input, const Tree& tree, const Node& node);
/// How Go prints a scalar.
[[nodiscard]] std::string scalar_text(const Node& node);

}  // namespace dunnage::spec
