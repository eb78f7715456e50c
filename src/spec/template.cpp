// SPDX-License-Identifier: Apache-2.0
#include "spec/template.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::spec {
namespace {

constexpr std::size_t kDeepest = 32;

constexpr bool is_name_start(char byte) noexcept {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}
constexpr bool is_name_part(char byte) noexcept { return is_name_start(byte) || (byte >= '0' && byte <= '9'); }

std::size_t end_of_name(std::string_view text, std::size_t begin) noexcept {
  std::size_t end = begin;
  while (end < text.size() && (end == begin ? is_name_start(text[end]) : is_name_part(text[end]))) {
    ++end;
  }
  return end;
}

class Template {
 public:
  Template(std::string_view text, const Variables& variables, std::size_t longest)
      : text_{text}, variables_{variables}, longest_{longest} {}

  void expand(std::size_t begin, std::size_t end, std::size_t depth, std::string& result);

 private:
  [[noreturn]] static void refuse(std::size_t begin, std::size_t end) {
    throw TemplateFault{.kind = TemplateFault::Kind::Malformed, .begin = begin, .end = end};
  }

  /// The brace that closes the one at `open`. As in Compose, every brace counts; without a match it is the last one.
  [[nodiscard]] std::size_t find_close(std::size_t open, std::size_t end) const {
    std::size_t depth = 0;
    for (std::size_t at = open; at < end; ++at) {
      if (text_[at] == '{') {
        ++depth;
      } else if (text_[at] == '}' && --depth == 0) {
        return at;
      }
    }
    const std::size_t last = text_.substr(0, end).rfind('}');
    if (last == std::string_view::npos || last < open) {
      refuse(open - 1, end);
    }
    return last;
  }

  void append(std::string_view text, std::string& result) const {
    if (result.size() + text.size() > longest_) {
      throw TemplateFault{.kind = TemplateFault::Kind::TooLong, .begin = 0, .end = 1};
    }
    result += text;
  }

  void append_plain(const std::string& name, std::size_t begin, std::size_t end, std::string& result) const {
    const std::optional<std::string> value = variables_.find(name);
    if (!value && variables_.unset) {
      variables_.unset(name, begin, end);
    }
    append(value.value_or(""), result);
  }

  void expand_braces(std::size_t open, std::size_t close, std::size_t depth, std::string& result);

  std::string_view text_;
  const Variables& variables_;
  std::size_t longest_;
};

void Template::expand_braces(std::size_t open, std::size_t close, std::size_t depth, std::string& result) {
  const std::size_t name_end = std::min(end_of_name(text_, open + 1), close);
  const std::string name{text_.substr(open + 1, name_end - open - 1)};
  const bool colon = name_end < close && text_[name_end] == ':';
  const std::size_t operation = name_end + (colon ? 1 : 0);
  const char operator_character = operation < close ? text_[operation] : '\0';
  const bool plain = name_end == close;
  if (name.empty() || depth > kDeepest ||
      (!plain && operator_character != '-' && operator_character != '+' && operator_character != '?')) {
    refuse(open - 1, close + 1);
  }
  if (plain) {
    append_plain(name, open - 1, close + 1, result);
    return;
  }
  const std::optional<std::string> value = variables_.find(name);
  const bool given = value && !(colon && value->empty());
  if (operator_character == '?' && !given) {
    std::string why;
    expand(operation + 1, close, depth + 1, why);
    throw TemplateFault{TemplateFault::Kind::Required, open - 1, close + 1, name, std::move(why)};
  }
  const bool replaced = operator_character == '+' ? given : operator_character == '-' && !given;
  if (replaced) {
    expand(operation + 1, close, depth + 1, result);
  } else if (operator_character != '+') {
    append(value.value_or(""), result);
  }
}

void Template::expand(std::size_t begin, std::size_t end, std::size_t depth, std::string& result) {
  for (std::size_t at = begin; at < end;) {
    const std::size_t dollar = std::min(text_.find('$', at), end);
    append(text_.substr(at, dollar - at), result);
    if (dollar + 1 >= end) {
      append(text_.substr(dollar, end - dollar), result);  // nothing, or a lone dollar sign
      return;
    }
    const char next = text_[dollar + 1];
    if (next == '{') {
      const std::size_t close = find_close(dollar + 1, end);
      expand_braces(dollar + 1, close, depth, result);
      at = close + 1;
    } else if (next == '$') {
      append("$", result);
      at = dollar + 2;
    } else if (is_name_start(next)) {
      at = std::min(end_of_name(text_, dollar + 1), end);
      append_plain(std::string{text_.substr(dollar + 1, at - dollar - 1)}, dollar, at, result);
    } else {
      append("$", result);
      at = dollar + 1;
    }
  }
}

}  // namespace

std::string expand_template(std::string_view text, const Variables& variables, std::size_t longest) {
  std::string result;
  Template{text, variables, longest}.expand(0, text.size(), 0, result);
  return result;
}

}  // namespace dunnage::spec
