// SPDX-License-Identifier: Apache-2.0
#include "compose/scalar_style.hpp"

#include "compose/digit.hpp"
#include "spec/yaml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dunnage::compose {
namespace {

/// One code point, or a byte that is none.
struct Point {
  std::uint32_t code;
  std::size_t length;
};

Point point_at(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || at + length > text.size()) {
    return {first, 1};
  }
  std::uint32_t code = length == 1 ? first : first & (0xFFU >> (length + 1));
  for (std::size_t index = 1; index < length; ++index) {
    const auto next = static_cast<unsigned char>(text[at + index]);
    if ((next & 0xC0U) != 0x80) {
      return {first, 1};
    }
    code = (code << 6U) | (next & 0x3FU);
  }
  return {code, length};
}

/// Nothing beyond the first plane is, by Go's reading.
bool is_printable(Point point) noexcept {
  const std::uint32_t code = point.code;
  return code == '\n' || (code >= 0x20 && code <= 0x7E) ||
         (point.length > 1 && code >= 0xA0 && code <= 0xFFFD && code != 0xFEFF && !(code >= 0xD800 && code < 0xE000));
}

bool is_break(std::uint32_t code) noexcept {
  return code == '\n' || code == '\r' || code == 0x85 || code == 0x2028 || code == 0x2029;
}

/// What stands in the way of the styles.
struct Analysis {
  bool indicators = false;
  bool special = false;
  bool tab = false;
  bool edge_space = false;
  bool edge_break = false;
  bool trailing_space = false;
  bool break_space = false;
  bool space_break = false;
  bool breaks = false;
};

bool is_indicator(std::string_view text, std::size_t at, bool after_space, bool before_space) {
  constexpr std::string_view kFirst = "#,[]{}&*!|>'\"%@`";
  if (at == 0) {
    return kFirst.find(text[0]) != std::string_view::npos ||
           ((text[0] == '?' || text[0] == ':' || text[0] == '-') && before_space);
  }
  return (text[at] == ':' && before_space) || (text[at] == '#' && after_space);
}

Analysis analyse(std::string_view text) {
  Analysis result;
  result.indicators = text.starts_with("---") || text.starts_with("...");
  bool after_space = true;
  bool was_space = false;
  bool was_break = false;
  for (std::size_t at = 0; at < text.size();) {
    const Point point = point_at(text, at);
    const std::size_t next = at + point.length;
    result.indicators =
        result.indicators ||
        is_indicator(text, at, after_space, next >= text.size() || text[next] == ' ' || text[next] == '\t');
    result.tab = result.tab || point.code == '\t';
    result.special = result.special || (point.code != '\t' && !is_printable(point));
    const bool space = point.code == ' ';
    const bool line = is_break(point.code);
    const bool edge = at == 0 || next == text.size();
    result.edge_space = result.edge_space || (space && edge);
    result.edge_break = result.edge_break || (line && edge);
    result.trailing_space = result.trailing_space || (space && next == text.size());
    result.break_space = result.break_space || (space && was_break);
    result.space_break = result.space_break || (line && was_space);
    result.breaks = result.breaks || line;
    was_space = space;
    was_break = line;
    after_space = space || line || point.code == '\t';
    at = next;
  }
  return result;
}

/// `1:30`, which was a number once.
bool is_base_60(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  if (at >= text.size() || !is_digit(text[at])) {
    return false;
  }
  while (at < text.size() && (is_digit(text[at]) || text[at] == '_')) {
    ++at;
  }
  std::size_t groups = 0;
  while (at + 1 < text.size() && text[at] == ':' && is_digit(text[at + 1])) {
    const bool two = at + 2 < text.size() && is_digit(text[at + 2]);
    if (two && text[at + 1] > '5') {
      return false;
    }
    at += two ? 3 : 2;
    ++groups;
  }
  if (at < text.size() && text[at] == '.') {
    at = std::min(text.find_first_not_of("0123456789_", at + 1), text.size());
  }
  return groups > 0 && at == text.size();
}

/// Digits up to a number of them, at least one.
bool take_digits(std::string_view& text, std::size_t most) {
  const std::size_t count = std::min(std::min(text.find_first_not_of("0123456789"), text.size()), most);
  text.remove_prefix(count);
  return count > 0;
}

bool take(std::string_view& text, char byte) {
  const bool there = text.starts_with(byte);
  text.remove_prefix(there ? 1 : 0);
  return there;
}

/// Dates, and times of days as RFC 3339 has them.
bool is_timestamp(std::string_view text) {
  if (text.size() < 8 || !std::all_of(text.begin(), text.begin() + 4, is_digit)) {
    return false;
  }
  text.remove_prefix(4);
  if (!take(text, '-') || !take_digits(text, 2) || !take(text, '-') || !take_digits(text, 2)) {
    return false;
  }
  if (text.empty()) {
    return true;
  }
  const bool zone = text.front() == 'T' || text.front() == 't';
  if (!zone && text.front() != ' ') {
    return false;
  }
  text.remove_prefix(1);
  if (!take_digits(text, 2) || !take(text, ':') || !take_digits(text, 2) || !take(text, ':') || !take_digits(text, 2) ||
      (take(text, '.') && !take_digits(text, text.size()))) {
    return false;
  }
  if (!zone) {
    return text.empty();
  }
  if (text == "Z") {
    return true;
  }
  return (take(text, '+') || take(text, '-')) && take_digits(text, 2) && take(text, ':') && take_digits(text, 2) &&
         text.empty();
}

bool is_one_of(std::string_view text, std::string_view words) {
  while (!words.empty()) {
    const std::size_t blank = std::min(words.find(' '), words.size());
    if (words.substr(0, blank) == text) {
      return true;
    }
    words.remove_prefix(std::min(blank + 1, words.size()));
  }
  return false;
}

/// Whether it would be read back as something else than a text.
bool is_other_than_text(std::string_view text) {
  spec::Node node{.kind = spec::Node::Kind::Text, .text = std::string{text}};
  spec::resolve_scalar(node);
  return !node.is(spec::Node::Kind::Text) || text == "<<" || is_base_60(text) || is_timestamp(text) ||
         is_one_of(text, "y Y yes Yes YES on On ON n N no No NO off Off OFF") ||
         is_one_of(text, ".nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF");
}

std::string escape(Point point) {
  constexpr std::array<std::pair<std::uint32_t, char>, 15> kShort{{{0x00, '0'},
                                                                   {0x07, 'a'},
                                                                   {0x08, 'b'},
                                                                   {0x09, 't'},
                                                                   {0x0A, 'n'},
                                                                   {0x0B, 'v'},
                                                                   {0x0C, 'f'},
                                                                   {0x0D, 'r'},
                                                                   {0x1B, 'e'},
                                                                   {0x22, '"'},
                                                                   {0x5C, '\\'},
                                                                   {0x85, 'N'},
                                                                   {0xA0, '_'},
                                                                   {0x2028, 'L'},
                                                                   {0x2029, 'P'}}};
  const auto* const found =
      std::find_if(kShort.begin(), kShort.end(), [&](const auto& one) { return one.first == point.code; });
  if (found != kShort.end()) {
    return {'\\', found->second};
  }
  return point.code <= 0xFF     ? fmt::format("\\x{:02X}", point.code)
         : point.code <= 0xFFFF ? fmt::format("\\u{:04X}", point.code)
                                : fmt::format("\\U{:08X}", point.code);
}

std::string double_quoted(std::string_view text) {
  std::string result = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const Point point = point_at(text, at);
    if (!is_printable(point) || is_break(point.code) || point.code == '"' || point.code == '\\') {
      result += escape(point);
    } else {
      result += text.substr(at, point.length);
    }
    at += point.length;
  }
  return result + '"';
}

std::string single_quoted(std::string_view text) {
  std::string result = "'";
  for (const char byte : text) {
    result.append(byte == '\'' ? 2 : 1, byte);
  }
  return result + '\'';
}

std::string block(std::string_view text, std::size_t level) {
  constexpr std::size_t kIndent = 2;
  std::string result = "|";
  if (text.front() == ' ') {
    result += '2';
  }
  if (!text.ends_with('\n')) {
    result += '-';
  } else if (text.size() == 1 || text[text.size() - 2] == '\n') {
    result += '+';
  }
  std::string_view rest = text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
  while (true) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    result += '\n';
    if (end > 0) {
      result.append(level * kIndent, ' ');
      result += rest.substr(0, end);
    }
    if (end == rest.size()) {
      return result;
    }
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

std::string scalar_in_yaml(std::string_view text, bool key, std::size_t level) {
  const Analysis found = analyse(text);
  if (text.find('\n') != std::string_view::npos) {
    const bool blank = text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos;
    const bool allowed = !found.trailing_space && !found.space_break && !found.special;
    return key || blank || !allowed ? double_quoted(text) : block(text, level);
  }
  if (is_other_than_text(text)) {
    return double_quoted(text);
  }
  const bool quotes = text.empty() || found.indicators || found.edge_space || found.edge_break || found.tab ||
                      found.special || found.space_break || found.breaks;
  if (!quotes) {
    return std::string{text};
  }
  return found.tab || found.special || found.space_break || found.break_space ? double_quoted(text)
                                                                              : single_quoted(text);
}

}  // namespace dunnage::compose
