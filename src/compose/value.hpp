// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a file says, as a tree of values that own their parts and know where they were written.

#include "compose/texts.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace dunnage::compose {

class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::map<std::string, Value, std::less<>>;

  Value() = default;
  Value(bool value, Mark where) : mark{where}, data_{value} {}
  Value(std::int64_t value, Mark where) : mark{where}, data_{value} {}
  Value(double value, Mark where) : mark{where}, data_{value} {}
  Value(std::string value, Mark where) : mark{where}, data_{std::move(value)} {}
  Value(const char* value, Mark where) : mark{where}, data_{std::string{value}} {}
  Value(List value, Mark where) : mark{where}, data_{std::move(value)} {}
  Value(Map value, Mark where) : mark{where}, data_{std::move(value)} {}
  static Value null(Mark where) {
    Value value;
    value.mark = where;
    return value;
  }

  Mark mark{};  ///< where it stands
  Mark key{};   ///< and its key, in a mapping

  [[nodiscard]] bool is_null() const noexcept { return std::holds_alternative<std::monostate>(data_); }
  [[nodiscard]] bool is_bool() const noexcept { return std::holds_alternative<bool>(data_); }
  [[nodiscard]] bool is_integer() const noexcept { return std::holds_alternative<std::int64_t>(data_); }
  [[nodiscard]] bool is_float() const noexcept { return std::holds_alternative<double>(data_); }
  [[nodiscard]] bool is_number() const noexcept { return is_integer() || is_float(); }
  [[nodiscard]] bool is_text() const noexcept { return std::holds_alternative<std::string>(data_); }
  [[nodiscard]] bool is_list() const noexcept { return std::holds_alternative<List>(data_); }
  [[nodiscard]] bool is_map() const noexcept { return std::holds_alternative<Map>(data_); }
  [[nodiscard]] bool is_scalar() const noexcept { return !is_list() && !is_map(); }

  [[nodiscard]] bool boolean() const { return std::get<bool>(data_); }
  [[nodiscard]] std::int64_t integer() const { return std::get<std::int64_t>(data_); }
  [[nodiscard]] double number() const {
    return is_integer() ? static_cast<double>(integer()) : std::get<double>(data_);
  }
  [[nodiscard]] const std::string& text() const { return std::get<std::string>(data_); }
  [[nodiscard]] const List& list() const { return std::get<List>(data_); }
  [[nodiscard]] List& list() { return std::get<List>(data_); }
  [[nodiscard]] const Map& map() const { return std::get<Map>(data_); }
  [[nodiscard]] Map& map() { return std::get<Map>(data_); }

  /// Replaces what it says, and stays where it stands.
  template <typename Data>
  void set(Data data) {
    data_ = std::move(data);
  }

  /// The member, or null. Of anything but a mapping: null.
  [[nodiscard]] const Value* find(std::string_view name) const;
  [[nodiscard]] Value* find(std::string_view name);
  /// The same, one member below the other.
  [[nodiscard]] const Value* find_below(std::initializer_list<std::string_view> names) const;
  /// The text of a member that is one, or an empty one.
  [[nodiscard]] std::string text_of(std::string_view name) const;

  /// As Go prints it: `true`, `1e+06`, nothing for null. For scalars.
  [[nodiscard]] std::string scalar_text() const;
  /// "a text", "a list" and so on.
  [[nodiscard]] std::string_view kind_name() const noexcept;

  /// By content; places do not count.
  friend std::strong_ordering operator<=>(const Value& left, const Value& right);
  friend bool operator==(const Value& left, const Value& right) { return (left <=> right) == 0; }

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> data_{};
};

struct Cost {
  std::size_t nodes = 0;
  std::size_t bytes = 0;
};
[[nodiscard]] Cost cost_of(const Value& value);

/// A copy, paid for.
[[nodiscard]] Value copy(const Value& value, Texts& texts, Mark mark);

/// As Go's strconv.FormatFloat(…, 'g', -1, …).
[[nodiscard]] std::string float_text(double number);
/// The shortest number that is the same as a float of 32 bits.
[[nodiscard]] double as_single(double number);

/// Keys from the top, for messages and for what a rule is about. "[3]" is an item of a list.
using Path = std::vector<std::string>;
[[nodiscard]] std::string to_string(const Path& path);
/// \param pattern "services.*.ports.[]": a "*" is any part
[[nodiscard]] bool matches(const Path& path, std::string_view pattern);

/// One level deeper as long as it lives.
class Step {
 public:
  Step(Path& path, std::string part) : path_{path} { path_.push_back(std::move(part)); }
  ~Step() { path_.pop_back(); }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

 private:
  Path& path_;
};

}  // namespace dunnage::compose
