// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The tokens: `key` or `key=value`, each with its place in the text. They are views; nothing is copied but a field in
/// which a quote is written as two.

#include "spec/input.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::spec {

struct Field {
  Piece whole{};
  Piece key{};
  Piece value{};
  bool has_value = false;  ///< there was a "="
  bool quoted = false;     ///< it was written in quotes, so that white space at its edges is meant
};

/// The pieces between separators, empty ones too; a part without the separator is one piece.
class PieceReader {
 public:
  PieceReader(const Input& input, Span part, char separator) noexcept
      : text_{input.text().substr(0, part.column + part.length)}, next_{part.column}, separator_{separator} {}

  [[nodiscard]] bool next(Piece& piece) noexcept;

 private:
  std::string_view text_;
  std::size_t next_;
  char separator_;
};

/// The piece cut at its first "=".
[[nodiscard]] Field field_of(const Piece& piece) noexcept;

/// The fields of the first record of CSV, as Go's encoding/csv reads it: a field that begins with a quote ends with a
/// quote, `""` in it is one quote, and a line feed outside of quotes ends the record.
class CsvReader {
 public:
  CsvReader(const Input& input, Span part) noexcept;

  /// Throws: SpecError for a stray quote. The views stay good until this reader is gone.
  [[nodiscard]] bool next(Field& field);
  /// After the last field: where more than white space follows the record, or the end of the text.
  [[nodiscard]] std::size_t rest() const noexcept { return next_; }
  /// After the last field: where the record ends.
  [[nodiscard]] std::size_t end_of_record() const noexcept { return record_end_; }
  /// Whether there was no record at all.
  [[nodiscard]] bool empty() const noexcept { return empty_; }

 private:
  void read_quoted(Field& field);
  void read_plain(Field& field, std::size_t end_of_line);
  void skip_empty_lines() noexcept;
  [[nodiscard]] std::string_view content(std::size_t begin, std::size_t end, bool copy);

  const Input& input_;
  std::string_view text_;
  std::size_t next_;
  std::size_t record_end_ = 0;
  bool more_ = true;
  bool empty_ = false;
  std::string unescaped_{};
};

}  // namespace dunnage::spec
