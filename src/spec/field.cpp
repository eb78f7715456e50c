// SPDX-License-Identifier: Apache-2.0
#include "spec/field.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::spec {
namespace {

/// \param content the field without quotes; \param equals where its first "=" stands in the text, relative to `span`
Field make_field(std::string content, Span span, std::size_t equals, bool quoted) {
  Field field;
  field.whole = {content, span};
  field.quoted = quoted;
  const std::size_t cut = content.find('=');
  const std::size_t opening = quoted ? 1 : 0;
  if (cut == std::string::npos) {
    field.key = {std::move(content), {span.column + opening, std::max<std::size_t>(span.length - 2 * opening, 1)}};
    return field;
  }
  field.has_value = true;
  field.key = {content.substr(0, cut), {span.column + opening, equals - opening}};
  const std::size_t begin = equals + 1;
  field.value = {content.substr(cut + 1), {span.column + begin, span.length - begin - opening}};
  return field;
}

Field plain_field(const Input& input, Span span) {
  const std::string_view content = input.text().substr(span.column, span.length);
  return make_field(std::string{content}, span, content.find('='), false);
}

/// Reads the quoted field that begins at `begin`.
Field quoted_field(const Input& input, std::size_t begin, std::size_t end) {
  const std::string_view text = input.text();
  std::string content;
  std::size_t equals = std::string_view::npos;
  std::size_t at = begin + 1;
  for (;; ++at) {
    if (at >= end) {
      input.refuse({begin, 1}, "a quote is not closed", "end the field with a second quote");
    }
    if (text[at] == '"') {
      if (at + 1 >= end || text[at + 1] != '"') {
        break;
      }
      ++at;
    } else if (text[at] == '=' && equals == std::string_view::npos) {
      equals = at - begin;
    }
    content += text[at];
  }
  ++at;
  if (at < end && text[at] != ',') {
    input.refuse({at, 1}, "there is text after the closing quote", "put the quotes round the whole field");
  }
  return make_field(std::move(content), {begin, at - begin}, equals, true);
}

Field unquoted_field(const Input& input, std::size_t begin, std::size_t end) {
  const std::string_view text = input.text().substr(0, end);
  const std::size_t stop = std::min(text.find(',', begin), end);
  const std::string_view content = text.substr(begin, stop - begin);
  if (const std::size_t quote = content.find('"'); quote != std::string_view::npos) {
    input.refuse({begin + quote, 1}, "a quote in the middle of a field",
                 "put the quotes round the whole field, like \"source=/a,b\"");
  }
  if (const std::size_t feed = content.find_first_of("\r\n"); feed != std::string_view::npos) {
    input.refuse({begin + feed, 1}, "there is more than one line", "give each mount a text of its own");
  }
  return plain_field(input, {begin, stop - begin});
}

}  // namespace

std::vector<Piece> split(const Input& input, Span part, char separator) {
  const std::string_view text = input.text().substr(0, part.column + part.length);
  std::vector<Piece> pieces;
  std::size_t begin = part.column;
  while (begin <= text.size()) {
    const std::size_t stop = std::min(text.find(separator, begin), text.size());
    pieces.push_back({std::string{text.substr(begin, stop - begin)}, {begin, stop - begin}});
    begin = stop + 1;
  }
  return pieces;
}

std::vector<Field> split_fields(const Input& input, Span part) {
  std::vector<Field> fields;
  for (const Piece& piece : split(input, part, ',')) {
    fields.push_back(plain_field(input, piece.span));
  }
  return fields;
}

std::vector<Field> split_csv(const Input& input, Span part) {
  const std::string_view text = input.text();
  const std::size_t end = part.column + part.length;
  std::vector<Field> fields;
  std::size_t begin = part.column;
  while (begin <= end) {
    fields.push_back(begin < end && text[begin] == '"' ? quoted_field(input, begin, end)
                                                       : unquoted_field(input, begin, end));
    begin = fields.back().whole.span.column + fields.back().whole.span.length + 1;
  }
  return fields;
}

}  // namespace dunnage::spec
