// SPDX-License-Identifier: Apache-2.0
#include "compose/printed_scalar.hpp"

#include "compose/cast.hpp"
#include "compose/reading.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace dunnage::compose {
namespace {

std::optional<Json> filled_text(std::string text) {
  return text.empty() ? std::nullopt : std::optional{Json(std::move(text))};
}

std::optional<Json> number(std::int64_t value, bool always) {
  return value == 0 && !always ? std::nullopt : std::optional{Json(value)};
}

std::int64_t whole_or_zero(const Value& value) {
  return value.is_float() ? static_cast<std::int64_t>(value.number()) : whole(value);
}

std::optional<Json> real(const Value& value) {
  const double number = as_single(value.is_number() ? value.number() : float_of(value.text()).value_or(0));
  return number == 0 ? std::nullopt : std::optional{Json(number)};
}

std::optional<Json> bytes(const Value& value) {
  const std::int64_t size = value.is_integer() ? value.integer() : bytes_of(value.text()).value_or(0);
  return size == 0 ? std::nullopt : std::optional{Json(fmt::to_string(size))};
}

std::optional<Json> duration(const Value& value, bool always) {
  const auto time = duration_of(value.text()).value_or(std::chrono::nanoseconds{});
  return time.count() == 0 && !always ? std::nullopt : std::optional{Json(duration_text(time))};
}

std::int64_t mode(const Value& value) {
  if (value.is_integer()) {
    return value.integer();
  }
  std::int64_t number = 0;
  constexpr int kOctal = 8;
  std::from_chars(value.text().data(), value.text().data() + value.text().size(), number, kOctal);
  return number;
}

std::optional<Json> numeric(const Value& value, const Key& key) {
  switch (key.type) {
    case Type::Integer:
    case Type::Mode:
      return number(whole_or_zero(value), false);
    case Type::OptionalInteger:
      return value.is_null() ? std::nullopt : number(whole(value), true);
    case Type::Float:
      return real(value);
    case Type::Bytes:
      return bytes(value);
    case Type::FileMode:
      return Json(fmt::format("0{:o}", mode(value)));
    default:
      return duration(value, key.type == Type::Duration);
  }
}

}  // namespace

std::optional<Json> printed_scalar(const Value& value, const Key& key) {
  if (value.is_text() && key.type > Type::ScalarText && value.text().find('$') != std::string::npos) {
    return Json(value.text());  // a variable that is not filled in
  }
  switch (key.type) {
    case Type::Text:
    case Type::NullableText:
    case Type::ScalarText:
      return filled_text(value.scalar_text());
    case Type::AlwaysText:
      return Json(value.scalar_text());
    case Type::Bool:
    case Type::External:
      return truth(&value) ? std::optional{Json(true)} : std::nullopt;
    case Type::OptionalBool:
    case Type::RequiredBool:
      return Json(truth(&value));
    case Type::OptOut:
      return truth(&value) ? std::nullopt : std::optional{Json(false)};
    case Type::DeviceCount:
      return number(value.is_text() && value.text() == "all" ? -1 : whole(value), false);
    default:
      return numeric(value, key);
  }
}

}  // namespace dunnage::compose
