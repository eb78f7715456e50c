// SPDX-License-Identifier: Apache-2.0
#include "compose/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <compare>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>

namespace dunnage::compose {

const Value* Value::find(std::string_view name) const {
  if (!is_map()) {
    return nullptr;
  }
  const auto found = map().find(name);
  return found == map().end() ? nullptr : &found->second;
}

const Value* Value::find_below(std::initializer_list<std::string_view> names) const {
  const Value* value = this;
  for (const std::string_view name : names) {
    value = value == nullptr ? nullptr : value->find(name);
  }
  return value;
}

Value* Value::find(std::string_view name) { return const_cast<Value*>(std::as_const(*this).find(name)); }

std::string Value::text_of(std::string_view name) const {
  const Value* const value = find(name);
  return value != nullptr && value->is_text() ? value->text() : std::string{};
}

std::string float_text(double number) {
  if (std::isnan(number)) {
    return "NaN";
  }
  if (std::isinf(number)) {
    return number < 0 ? "-Inf" : "+Inf";
  }
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific).ptr;
  const std::string text{buffer.data(), end};
  const std::size_t mark = text.find('e');
  const int exponent = std::atoi(text.c_str() + mark + 1);
  constexpr int kGoLimit = 6;
  if (exponent < -4 || exponent >= kGoLimit) {
    return text;
  }
  const auto plain = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::fixed).ptr;
  return {buffer.data(), plain};
}

double as_single(double number) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), static_cast<float>(number)).ptr;
  double result = 0;
  std::from_chars(buffer.data(), end, result);
  return result;
}

std::string Value::scalar_text() const {
  if (is_bool()) {
    return boolean() ? "true" : "false";
  }
  if (is_integer()) {
    return fmt::to_string(integer());
  }
  if (is_float()) {
    return float_text(number());
  }
  return is_text() ? text() : std::string{};
}

std::string_view Value::kind_name() const noexcept {
  constexpr std::array<std::string_view, 7> kNames{"nothing", "a boolean", "a number", "a number",
                                                   "a text",  "a list",    "a mapping"};
  return kNames.at(data_.index());
}

std::strong_ordering operator<=>(const Value& left, const Value& right) {
  if (const auto kinds = left.data_.index() <=> right.data_.index(); kinds != 0) {
    return kinds;
  }
  return std::visit(
      [&](const auto& one) -> std::strong_ordering {
        using Type = std::decay_t<decltype(one)>;
        const auto& other = std::get<Type>(right.data_);
        if constexpr (std::is_same_v<Type, double>) {
          return std::strong_order(one, other);
        } else if constexpr (std::is_same_v<Type, Value::Map>) {
          return std::lexicographical_compare_three_way(one.begin(), one.end(), other.begin(), other.end(),
                                                        [](const auto& first, const auto& second) {
                                                          const auto keys = first.first <=> second.first;
                                                          return keys != 0 ? keys : first.second <=> second.second;
                                                        });
        } else if constexpr (std::is_same_v<Type, Value::List>) {
          return std::lexicographical_compare_three_way(one.begin(), one.end(), other.begin(), other.end());
        } else {
          return one <=> other;
        }
      },
      left.data_);
}

Cost cost_of(const Value& value) {
  Cost cost{.nodes = 1, .bytes = value.is_text() ? value.text().size() : 0};
  const auto add = [&](const Value& part) {
    const Cost more = cost_of(part);
    cost.nodes += more.nodes;
    cost.bytes += more.bytes;
  };
  if (value.is_list()) {
    std::for_each(value.list().begin(), value.list().end(), add);
  } else if (value.is_map()) {
    for (const auto& [name, part] : value.map()) {
      cost.bytes += name.size();
      add(part);
    }
  }
  return cost;
}

Value copy(const Value& value, Texts& texts, Mark mark) {
  const Cost cost = cost_of(value);
  texts.spend_nodes(cost.nodes, mark);
  texts.spend_bytes(cost.bytes, mark);
  return value;
}

std::string to_string(const Path& path) {
  std::string text;
  for (const std::string& part : path) {
    text += (text.empty() || part.starts_with('[') ? "" : ".") + part;
  }
  return text;
}

bool matches(const Path& path, std::string_view pattern) {
  for (std::size_t index = 0; index < path.size(); ++index) {
    if (pattern.empty()) {
      return false;
    }
    const std::size_t dot = std::min(pattern.find('.'), pattern.size());
    const std::string_view part = pattern.substr(0, dot);
    pattern.remove_prefix(std::min(dot + 1, pattern.size()));
    const bool item = path[index].starts_with('[');
    if (part != "*" && !(item && part == "[]") && part != path[index]) {
      return false;
    }
  }
  return pattern.empty();
}

}  // namespace dunnage::compose
