// SPDX-License-Identifier: Apache-2.0
#include "spec/interpolate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::spec {
namespace {

constexpr std::size_t kDeepest = 32;
constexpr std::size_t kLongestResult = 2 * kLongestText;

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
  Template(const Input& input, std::string_view text, std::size_t begin, const Host& host, SpecStage stage)
      : input_{input}, text_{text}, begin_{begin}, host_{host}, stage_{stage} {}

  void expand(std::size_t begin, std::size_t end, std::size_t depth, std::string& result);

 private:
  /// Quotes and line ends may make the input longer than the text.
  [[nodiscard]] Span span(std::size_t begin, std::size_t end) const {
    const std::size_t column = std::min(begin_ + begin, input_.text().size());
    return at_least_one({column, std::min(end - begin, input_.text().size() - column)});
  }

  [[noreturn]] void refuse_template(std::size_t begin, std::size_t end) const {
    input_.refuse(
        span(begin, end),
        {SpecCode::BadTemplate, stage_, "invalid interpolation format. You may need to escape any $ with another $."},
        "this is not a variable", "write \"${NAME}\" or \"${NAME:-default}\", or \"$$\" for a dollar sign");
  }

  /// Behind the brace that closes the one at `open`.
  [[nodiscard]] std::size_t find_close(std::size_t open, std::size_t end) const {
    const std::string_view text = text_;
    std::size_t depth = 0;
    for (std::size_t at = open; at < end; ++at) {
      if (text[at] == '{' && (at == open || text[at - 1] == '$')) {
        ++depth;
      } else if (text[at] == '}' && --depth == 0) {
        return at;
      }
    }
    refuse_template(open - 1, end);
  }

  void append(std::string_view text, std::string& result) const {
    if (result.size() + text.size() > kLongestResult) {
      input_.refuse(span(0, 1), {SpecCode::TooLong, stage_, ""}, "with its variables the text is longer than 128 KiB",
                    "shorten it");
    }
    result += text;
  }

  void expand_braces(std::size_t open, std::size_t close, std::size_t depth, std::string& result);

  const Input& input_;
  std::string_view text_;
  std::size_t begin_;
  const Host& host_;
  SpecStage stage_;
};

void Template::expand_braces(std::size_t open, std::size_t close, std::size_t depth, std::string& result) {
  const std::string_view text = text_;
  const std::size_t name_end = std::min(end_of_name(text, open + 1), close);
  const std::string name{text.substr(open + 1, name_end - open - 1)};
  const bool colon = name_end < close && text[name_end] == ':';
  const std::size_t operation = name_end + (colon ? 1 : 0);
  const char operator_character = operation < close ? text[operation] : '\0';
  const bool plain = name_end == close;
  if (name.empty() || depth > kDeepest ||
      (!plain && operator_character != '-' && operator_character != '+' && operator_character != '?')) {
    refuse_template(open - 1, close + 1);
  }
  const std::optional<std::string> value = host_.variable(name);
  const bool given = value && !(colon && value->empty());
  if (operator_character == '?' && !given) {
    std::string why;
    expand(operation + 1, close, depth + 1, why);
    input_.refuse(span(open - 1, close + 1),
                  {SpecCode::RequiredVariable, stage_,
                   fmt::format("required variable {} is missing a value: {}", name, shown(why))},
                  fmt::format("the variable {} is not set", name), "set it in the environment");
  }
  const bool replaced = operator_character == '+' ? given : operator_character == '-' && !given;
  if (replaced) {
    expand(operation + 1, close, depth + 1, result);
  } else if (operator_character != '+') {
    append(value.value_or(""), result);
  }
}

void Template::expand(std::size_t begin, std::size_t end, std::size_t depth, std::string& result) {
  const std::string_view text = text_;
  for (std::size_t at = begin; at < end;) {
    const std::size_t dollar = std::min(text.find('$', at), end);
    append(text.substr(at, dollar - at), result);
    if (dollar + 1 >= end) {
      append(text.substr(dollar, end - dollar), result);  // nothing, or a lone dollar sign
      return;
    }
    const char next = text[dollar + 1];
    if (next == '{') {
      const std::size_t close = find_close(dollar + 1, end);
      expand_braces(dollar + 1, close, depth, result);
      at = close + 1;
    } else if (next == '$') {
      append("$", result);
      at = dollar + 2;
    } else if (is_name_start(next)) {
      at = std::min(end_of_name(text, dollar + 1), end);
      append(host_.variable(std::string{text.substr(dollar + 1, at - dollar - 1)}).value_or(""), result);
    } else {
      append("$", result);
      at = dollar + 1;
    }
  }
}

}  // namespace

std::string interpolate(const Input& input, std::string_view text, std::size_t begin, const Host& host,
                        SpecStage stage) {
  std::string result;
  Template{input, text, begin, host, stage}.expand(0, text.size(), 0, result);
  return result;
}

std::string interpolate(const Input& input, const Host& host, SpecStage stage) {
  return interpolate(input, input.text(), 0, host, stage);
}

}  // namespace dunnage::spec
