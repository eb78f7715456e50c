// SPDX-License-Identifier: Apache-2.0
#include "spec/yaml.hpp"

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

template <std::size_t Size>
bool is_one_of(std::string_view text, const std::array<std::string_view, Size>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 5> kNulls{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 3> kTrue{"true", "True", "TRUE"};
constexpr std::array<std::string_view, 3> kFalse{"false", "False", "FALSE"};

/// The base of a number, whose prefix is taken off.
int take_base(std::string_view& digits) noexcept {
  const std::string_view prefix = digits.substr(0, 2);
  const int base = prefix == "0x" || prefix == "0X"   ? 16
                   : prefix == "0o" || prefix == "0O" ? 8
                   : prefix == "0b" || prefix == "0B" ? 2
                                                      : 10;
  if (base != 10) {
    digits.remove_prefix(2);
  } else if (digits.size() > 1 && digits.front() == '0') {
    digits.remove_prefix(1);
    return 8;
  }
  return base;
}

std::optional<std::int64_t> parse_yaml_integer(std::string_view text) {
  std::string plain{text};
  std::erase(plain, '_');
  std::string_view digits = plain;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) {
    digits.remove_prefix(1);
  }
  if (digits.empty() || digits.front() < '0' || digits.front() > '9') {
    return std::nullopt;
  }
  const int base = take_base(digits);
  std::uint64_t number = 0;
  const char* const stop = digits.data() + digits.size();
  const auto [end, fault] = std::from_chars(digits.data(), stop, number, base);
  constexpr auto kGreatest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (digits.empty() || fault != std::errc{} || end != stop || number > kGreatest) {
    return std::nullopt;
  }
  return negative ? -static_cast<std::int64_t>(number) : static_cast<std::int64_t>(number);
}

std::optional<double> parse_float(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+') || digits.starts_with('-')) {
    digits.remove_prefix(1);
  }
  const bool number = !digits.empty() && digits.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
                      (digits.front() == '.' || (digits.front() >= '0' && digits.front() <= '9')) &&
                      digits.find_first_of("0123456789") != std::string_view::npos;
  if (!number) {
    return std::nullopt;
  }
  double value = 0;
  const char* const stop = digits.data() + digits.size();
  const auto [end, fault] = std::from_chars(digits.data(), stop, value);
  if (fault != std::errc{} || end != stop) {
    return std::nullopt;
  }
  return text.starts_with('-') ? -value : value;
}

}  // namespace

void resolve_scalar(Node& node) {
  if (is_one_of(node.text, kNulls)) {
    node.kind = Node::Kind::Null;
  } else if (is_one_of(node.text, kTrue) || is_one_of(node.text, kFalse)) {
    node.kind = Node::Kind::Bool;
    node.boolean = is_one_of(node.text, kTrue);
  } else if (const auto integer = parse_yaml_integer(node.text)) {
    node.kind = Node::Kind::Integer;
    node.integer = *integer;
    node.number = static_cast<double>(*integer);
  } else if (const auto number = parse_float(node.text)) {
    node.kind = Node::Kind::Float;
    node.number = *number;
  } else {
    node.kind = Node::Kind::Text;
  }
}

}  // namespace dunnage::spec
