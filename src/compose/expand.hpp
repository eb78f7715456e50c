// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Filling in variables, with the casts that come with it.

#include "compose/value.hpp"
#include "spec/template.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::compose {

/// A text with its variables filled in, paid for. Throws: ProjectError.
[[nodiscard]] std::string expand_text(Texts& texts, std::string_view text, Mark mark, const Path& path,
                                      const spec::Variables& variables);

/// What a tree's variables are to it.
struct Interpolation {
  std::function<std::optional<std::string>(const std::string& name, Mark mark, const Path& path)> find{};
  /// Told of variables that are not set.
  std::function<void(const std::string& name, Mark mark, const Path& path)> unset{};
};

/// Fills in every text of the tree but the keys, and casts those that have to be numbers or booleans.
/// Throws: ProjectError.
void expand_tree(Texts& texts, Value& value, const Interpolation& interpolation);

}  // namespace dunnage::compose
