// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The tokens: `key` or `key=value`, each with its place in the text.

#include "spec/input.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dunnage::spec {

/// A piece between separators.
struct Piece {
  std::string text;
  Span span{};
};

struct Field {
  Piece whole;
  Piece key;
  Piece value;
  bool has_value = false;  ///< there was a "="
  bool quoted = false;     ///< it was written in quotes, so that white space at its edges is meant
};

/// Every piece of the part, empty ones too; a part without the separator is one piece.
[[nodiscard]] std::vector<Piece> split(const Input& input, Span part, char separator);

/// As split() at commas, each piece cut at its first "=".
[[nodiscard]] std::vector<Field> split_fields(const Input& input, Span part);

/// One record of CSV as Docker reads it: a field that begins with a quote ends with a quote, `""` in it is one quote.
/// Throws: SpecError for a stray quote and for a line feed outside of quotes.
[[nodiscard]] std::vector<Field> split_csv(const Input& input, Span part);

}  // namespace dunnage::spec
