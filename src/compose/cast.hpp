// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Texts that mean numbers or booleans, read as Compose reads them.

#include "compose/value.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::compose {

/// Turns the text into what its place wants. Where no cast is known, nothing is done. Throws: ProjectError.
void cast(const Texts& texts, Value& value, const Path& path);

[[nodiscard]] std::optional<bool> boolean_of(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> integer_of(std::string_view text);
[[nodiscard]] std::optional<double> float_of(std::string_view text);
/// "64m", "1.5g", "-1".
[[nodiscard]] std::optional<std::int64_t> bytes_of(std::string_view text);
/// "1h30m", "500ms", "2d".
[[nodiscard]] std::optional<std::chrono::nanoseconds> duration_of(std::string_view text);
/// As Go prints it: "1h30m0s".
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds duration);

/// A command in one text, cut into words as a shell would.
struct Words {
  std::vector<std::string> words{};
  std::size_t end =
      0;  ///< what follows from here is no part of it: Compose stops at an unquoted `;`, `&`, `|`, `<`, `>`
};
/// \return nothing if the quotes do not match
[[nodiscard]] std::optional<Words> words_of(std::string_view text);

}  // namespace dunnage::compose
