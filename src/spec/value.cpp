// SPDX-License-Identifier: Apache-2.0
#include "spec/value.hpp"

#include "error/nearest.hpp"
#include "model/words.hpp"
#include "spec/lower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace dunnage::spec {
namespace {

[[noreturn]] void refuse_value(const Input& input, const Field& field, std::string_view what, std::string remedy) {
  const Span span{field.value.span.column, std::max<std::size_t>(field.value.span.length, 1)};
  input.refuse(span, fmt::format("\"{}\" is not {}", field.value.text.substr(0, 200), what), std::move(remedy));
}

std::optional<std::uint64_t> parse_number(std::string_view text, int base, std::uint64_t greatest) {
  std::uint64_t number = 0;
  const char* const stop = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), stop, number, base);
  if (text.empty() || fault != std::errc{} || end != stop || number > greatest) {
    return std::nullopt;
  }
  return number;
}

template <typename Values>
std::string words_of(const Values& values) {
  std::string words;
  for (const auto value : values) {
    words += fmt::format("{}\"{}\"", words.empty() ? "" : value == values.back() ? " or " : ", ", to_string(value));
  }
  return words;
}

template <typename Values>
std::string remedy_for_word(std::string_view word, const Values& values) {
  std::array<std::string_view, std::tuple_size_v<Values>> words;
  std::transform(values.begin(), values.end(), words.begin(), [](auto value) { return to_string(value); });
  const auto near = error::nearest(word, words);
  return near ? fmt::format("did you mean \"{}\"?", *near) : "write " + words_of(values);
}

bool parse_switch(const Input& input, const Field& field) {
  const std::string& text = field.value.text;
  if (text != "true" && text != "1" && text != "false" && text != "0") {
    refuse_value(input, field, "a boolean", "write \"true\" or \"false\"");
  }
  return text == "true" || text == "1";
}

Value parse_numeric(const Input& input, ValueKind kind, const Field& field, Value value) {
  const std::string& text = field.value.text;
  if (kind == ValueKind::Size) {
    const auto size = parse_size(text);
    if (!size) {
      refuse_value(input, field, "a size", "write bytes, or a number with k, m, g or t, like \"64m\"");
    }
    if (*size == 0) {
      refuse_value(input, field, "a size a tmpfs can have", "give it a limit, like \"64m\"");
    }
    value.number = *size;
    return value;
  }
  constexpr unsigned kAllBits = 07777;
  const auto number = kind == ValueKind::Mode ? parse_number(text, 8, kAllBits)
                                              : parse_number(text, 10, std::numeric_limits<std::uint32_t>::max() - 1);
  if (!number) {
    if (kind == ValueKind::Mode) {
      refuse_value(input, field, "a mode", "write permission bits in octal, like \"0755\" or \"1777\"");
    }
    refuse_value(input, field, "a user or group id", "write a number from 0 to 4294967294");
  }
  value.number = *number;
  return value;
}

void check_spelling(const Input& input, const Field& field) {
  if (!field.has_value) {
    input.refuse(field.key.span, fmt::format("\"{}\" needs a value", field.key.text),
                 fmt::format("write \"{}=...\"", field.key.text));
  }
  if (field.value.text.find_first_not_of(" \t\r\n\v\f") == std::string::npos) {
    input.refuse(field.whole.span, fmt::format("the value of \"{}\" is empty", field.key.text),
                 fmt::format("give it a value, or leave \"{}\" out", field.key.text));
  }
}

}  // namespace

Value parse_value(const Input& input, ValueKind kind, const Field& field) {
  Value value{.text = field.value};
  if (kind == ValueKind::Word) {
    if (field.has_value) {
      input.refuse(field.whole.span, fmt::format("\"{}\" takes no value", field.key.text),
                   fmt::format("write \"{}\"", field.key.text));
    }
    value.text = field.key;
    return value;
  }
  if (kind == ValueKind::Switch && !field.has_value) {
    return value;
  }
  check_spelling(input, field);
  switch (kind) {
    case ValueKind::Switch:
      value.on = parse_switch(input, field);
      break;
    case ValueKind::Propagation:
      if (const auto word = model::propagation_named(lower(field.value.text))) {
        value.propagation = *word;
        break;
      }
      refuse_value(input, field, "a propagation", remedy_for_word(field.value.text, model::kPropagations));
    case ValueKind::Recursion:
      if (const auto word = model::recursion_named(field.value.text)) {
        value.recursion = *word;
        break;
      }
      refuse_value(input, field, "a value of \"bind-recursive\"",
                   remedy_for_word(field.value.text, model::kRecursions));
    case ValueKind::Label: {
      const std::size_t cut = field.value.text.find('=');
      value.label = field.value.text.substr(0, cut);
      value.text.text = cut == std::string::npos ? "" : field.value.text.substr(cut + 1);
      if (value.label.empty()) {
        refuse_value(input, field, "a label", "write \"key=value\"");
      }
      break;
    }
    case ValueKind::Size:
    case ValueKind::Mode:
    case ValueKind::Id:
      return parse_numeric(input, kind, field, value);
    case ValueKind::Word:
    case ValueKind::Text:
      break;
  }
  return value;
}

}  // namespace dunnage::spec
