// SPDX-License-Identifier: Apache-2.0
#include "spec/field.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace dunnage::spec {
namespace {

void cut(Field& field, std::string_view content, std::size_t begin, std::size_t equals, std::size_t end) {
  const std::size_t split = content.find('=');
  if (split == std::string_view::npos) {
    field.key = {content, at_least_one({begin, end - begin})};
    field.value = {{}, {end, 0}};
    field.has_value = false;
    return;
  }
  field.has_value = true;
  field.key = {content.substr(0, split), {begin, equals - begin}};
  field.value = {content.substr(split + 1), {equals + 1, end - equals - 1}};
}

}  // namespace

bool PieceReader::next(Piece& piece) noexcept {
  if (next_ > text_.size()) {
    return false;
  }
  const std::size_t stop = std::min(text_.find(separator_, next_), text_.size());
  piece = {text_.substr(next_, stop - next_), {next_, stop - next_}};
  next_ = stop + 1;
  return true;
}

Field field_of(const Piece& piece) noexcept {
  Field field;
  field.whole = piece;
  const std::size_t equals = piece.text.find('=');
  cut(field, piece.text, piece.span.column, piece.span.column + (equals == std::string_view::npos ? 0 : equals),
      piece.span.column + piece.span.length);
  return field;
}

CsvReader::CsvReader(const Input& input, Span part) noexcept
    : input_{input}, text_{input.text().substr(0, part.column + part.length)}, next_{part.column} {
  skip_empty_lines();
  empty_ = next_ >= text_.size();
  more_ = !empty_;
}

void CsvReader::skip_empty_lines() noexcept {
  while (next_ < text_.size() &&
         (text_[next_] == '\n' || (text_[next_] == '\r' && (next_ + 1 == text_.size() || text_[next_ + 1] == '\n')))) {
    ++next_;
  }
}

bool CsvReader::next(Field& field) {
  if (!more_) {
    return false;
  }
  const std::size_t feed = text_.find('\n', next_);
  field.quoted = next_ < text_.size() && text_[next_] == '"';
  if (field.quoted) {
    read_quoted(field);
  } else {
    read_plain(field, feed);
  }
  return true;
}

void CsvReader::read_plain(Field& field, std::size_t feed) {
  std::size_t end = std::min(feed, text_.size());
  const std::size_t comma = text_.substr(0, end).find(',', next_);
  more_ = comma != std::string_view::npos;
  const std::size_t after = more_ ? comma + 1 : end;
  if (more_) {
    end = comma;
  } else if (end > next_ && text_[end - 1] == '\r') {
    --end;
  }
  const std::string_view content = text_.substr(next_, end - next_);
  if (const std::size_t quote = content.find('"'); quote != std::string_view::npos) {
    input_.refuse({next_ + quote, 1}, {SpecCode::BadCsv, SpecStage::Parse, "bare \" in non-quoted field"},
                  "a quote in the middle of a field", "put the quotes round the whole field, like \"source=/a,b\"");
  }
  field.whole = {content, {next_, content.size()}};
  const std::size_t equals = content.find('=');
  cut(field, content, next_, next_ + (equals == std::string_view::npos ? 0 : equals), end);
  next_ = after;
  if (!more_) {
    record_end_ = next_;
    skip_empty_lines();
  }
}

void CsvReader::read_quoted(Field& field) {
  constexpr std::string_view kWords = "extraneous or missing \" in quoted-field";
  const std::size_t begin = next_;
  std::size_t at = begin + 1;
  bool copy = false;
  for (;; ++at) {
    at = text_.find('"', at);
    if (at == std::string_view::npos) {
      input_.refuse({begin, 1}, {SpecCode::BadCsv, SpecStage::Parse, std::string{kWords}}, "a quote is not closed",
                    "end the field with a second quote");
    }
    if (at + 1 >= text_.size() || text_[at + 1] != '"') {
      break;
    }
    ++at;
    copy = true;
  }
  const std::size_t end = at++;
  copy = copy || text_.substr(begin, end - begin).find("\r\n") != std::string_view::npos;
  more_ = at < text_.size() && text_[at] == ',';
  const bool line_ends = at >= text_.size() || text_[at] == '\n' || text_.substr(at, 2) == "\r\n";
  if (!more_ && !line_ends) {
    input_.refuse({at, 1}, {SpecCode::BadCsv, SpecStage::Parse, std::string{kWords}},
                  "there is text after the closing quote", "put the quotes round the whole field");
  }
  const std::string_view said = content(begin + 1, end, copy);
  const std::size_t equals = text_.find('=', begin + 1);
  cut(field, said, begin + 1, equals, end);
  field.whole = {said, {begin, at - begin}};
  next_ = more_ ? at + 1 : at;
  if (!more_) {
    record_end_ = next_;
    skip_empty_lines();
  }
}

std::string_view CsvReader::content(std::size_t begin, std::size_t end, bool copy) {
  if (!copy) {
    return text_.substr(begin, end - begin);
  }
  // Reserved once for the whole text, so that earlier views stay good.
  unescaped_.reserve(text_.size());
  const std::size_t start = unescaped_.size();
  for (std::size_t at = begin; at < end; ++at) {
    const bool skipped = (text_[at] == '"') || (text_[at] == '\r' && text_[at + 1] == '\n');
    if (skipped) {
      ++at;  // of two quotes one stays, of CR LF the LF
    }
    unescaped_ += text_[at];
  }
  return std::string_view{unescaped_}.substr(start);
}

}  // namespace dunnage::spec
