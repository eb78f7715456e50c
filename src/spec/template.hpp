// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Compose's templates: `$NAME`, `${NAME:-default}` and their relatives.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::spec {

/// What a template asks about the world.
struct Variables {
  std::function<std::optional<std::string>(const std::string& name)> find{};
  /// Told of a variable that is not set and has no default; may be empty. \param begin where in the text
  std::function<void(const std::string& name, std::size_t begin, std::size_t end)> unset{};
};

/// Thrown by expand_template(), and put into words by whoever knows where the text stands.
struct TemplateFault {
  enum class Kind { Malformed, Required, TooLong };
  Kind kind = Kind::Malformed;
  std::size_t begin = 0;  ///< in the text
  std::size_t end = 0;
  std::string name{};  ///< Required: of the variable
  std::string why{};   ///< Required: what the template says about it; may be empty
};

/// The text with its variables filled in; one that is not set is empty.
/// \param longest bytes the result may have. Throws: TemplateFault.
[[nodiscard]] std::string expand_template(std::string_view text, const Variables& variables, std::size_t longest);

}  // namespace dunnage::spec
