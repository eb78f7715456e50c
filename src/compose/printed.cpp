// SPDX-License-Identifier: Apache-2.0
#include "compose/printed.hpp"

#include "compose/cast.hpp"
#include "compose/natural.hpp"
#include "compose/printed_scalar.hpp"
#include "compose/reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::compose {
namespace {

/// Without looking for the key, which is new.
void add(Json& object, std::string name, Json value) {
  object.get_ref<Json::object_t&>().emplace_back(std::move(name), std::move(value));
}

class Printer {
 public:
  explicit Printer(Form form) : form_{form} {}

  Json object(const Value& value, const Shape& shape) {
    Json result = Json::object();
    for (const Key& key : shape.keys) {
      const Value* const part = value.find(key.name);
      if (auto json = part == nullptr ? absent(key) : member(*part, key)) {
        add(result, std::string{key.name}, *std::move(json));
      }
    }
    if (form_ == Form::Yaml || shape.name == "a project") {
      for (const auto* const entry : ordered(value.map())) {
        if (entry->first.starts_with("x-") && find_key(shape, entry->first) == nullptr && entry->first != "x-#value") {
          add(result, entry->first, any(entry->second));
        }
      }
    }
    return result;
  }

 private:
  using Entry = Value::Map::value_type;

  [[nodiscard]] std::vector<const Entry*> ordered(const Value::Map& map) const {
    std::vector<const Entry*> entries;
    entries.reserve(map.size());
    for (const Entry& entry : map) {
      entries.push_back(&entry);
    }
    if (form_ == Form::Yaml) {
      std::stable_sort(entries.begin(), entries.end(),
                       [](const Entry* left, const Entry* right) { return natural_less(left->first, right->first); });
    }
    return entries;
  }

  /// Go's JSON leaves out neither commands nor structures.
  [[nodiscard]] std::optional<Json> absent(const Key& key) const {
    if (form_ == Form::Yaml) {
      return std::nullopt;
    }
    if (key.type == Type::Command) {
      return Json(nullptr);
    }
    return key.type == Type::ObjectValue ? std::optional{empty(*key.shape)} : std::nullopt;
  }
  [[nodiscard]] static Json empty(const Shape& shape) {
    Json object = Json::object();
    for (const Key& key : shape.keys) {
      if (key.type == Type::Command) {
        add(object, std::string{key.name}, Json(nullptr));
      }
    }
    return object;
  }

  std::optional<Json> member(const Value& value, const Key& key) {
    return key.type < Type::Command ? printed_scalar(value, key) : collection(value, key);
  }

  std::optional<Json> collection(const Value& value, const Key& key) {
    switch (key.type) {
      case Type::Command:
        return command(value);
      case Type::Test:
        return value.is_text() ? std::optional{Json{"CMD-SHELL", value.text()}} : list(value);
      case Type::TextList:
      case Type::TextOrList:
      case Type::ScalarList:
        return list(value);
      case Type::Hosts:
        return hosts(value);
      case Type::KeyValues:
      case Type::Options:
        return pairs(value, false);
      case Type::Environment:
        return pairs(value, true);
      case Type::MultiOptions:
        return options(value);
      case Type::KeyList:
        return keys(value);
      case Type::Ulimits:
        return ulimits(value);
      case Type::Object:
        return value.is_null() ? std::nullopt : std::optional{object(value, *key.shape)};
      case Type::ObjectValue:
        return filled(object(value, *key.shape));
      case Type::ObjectList:
        return objects(value, key);
      case Type::ObjectMap:
        return named(value, key);
      default:
        return any(value);
    }
  }

  static std::optional<Json> filled(Json value) {
    return value.empty() ? std::nullopt : std::optional{std::move(value)};
  }

  [[nodiscard]] std::optional<Json> command(const Value& value) const {
    if (value.is_null()) {
      return form_ == Form::Json ? std::optional{Json(nullptr)} : std::nullopt;
    }
    Json words = Json::array();
    if (value.is_text()) {
      for (const std::string& word : words_of(value.text()).value_or(Words{}).words) {
        words.push_back(word);
      }
    } else {
      for (const Value& word : value.list()) {
        words.push_back(word.text());
      }
    }
    return words;
  }

  static std::optional<Json> list(const Value& value) {
    Json items = Json::array();
    for (const Value& item : value.list()) {
      items.push_back(item.scalar_text());
    }
    return filled(std::move(items));
  }

  static std::optional<Json> hosts(const Value& value) {
    std::vector<std::string> entries;
    for (const Value& item : value.list()) {
      entries.push_back(item.scalar_text());
    }
    std::sort(entries.begin(), entries.end());
    return filled(Json(entries));
  }

  [[nodiscard]] std::optional<Json> pairs(const Value& value, bool null_too) const {
    Json map = Json::object();
    for (const auto* const entry : ordered(value.map())) {
      add(map, entry->first, null_too && entry->second.is_null() ? Json(nullptr) : Json(entry->second.scalar_text()));
    }
    return filled(std::move(map));
  }

  [[nodiscard]] std::optional<Json> options(const Value& value) const {
    Json map = Json::object();
    for (const auto* const entry : ordered(value.map())) {
      Json items = Json::array();
      if (entry->second.is_list()) {
        for (const Value& item : entry->second.list()) {
          items.push_back(item.scalar_text());
        }
      } else {
        items.push_back(entry->second.scalar_text());
      }
      add(map, entry->first, std::move(items));
    }
    return filled(std::move(map));
  }

  /// `NAME` or `NAME: VALUE`, as texts.
  [[nodiscard]] std::optional<Json> keys(const Value& value) const {
    Json items = Json::array();
    if (value.is_map()) {
      for (const auto* const entry : ordered(value.map())) {
        items.push_back(entry->second.is_null() ? entry->first
                                                : fmt::format("{}: {}", entry->first, entry->second.scalar_text()));
      }
    } else {
      for (const Value& item : value.list()) {
        const std::string text = item.scalar_text();
        const std::size_t equals = text.find('=');
        items.push_back(equals == std::string::npos ? text : text.substr(0, equals) + ": " + text.substr(equals + 1));
      }
    }
    return filled(std::move(items));
  }

  [[nodiscard]] std::optional<Json> ulimits(const Value& value) const {
    Json map = Json::object();
    for (const auto* const entry : ordered(value.map())) {
      const Value& limit = entry->second;
      if (!limit.is_map()) {
        add(map, entry->first, Json(whole(limit)));
        continue;
      }
      Json both = Json::object();
      for (const char* const name : {"soft", "hard"}) {
        const std::int64_t number = limit.find(name) == nullptr ? 0 : whole(*limit.find(name));
        if (number != 0 || form_ == Form::Yaml) {
          add(both, name, Json(number));
        }
      }
      add(map, entry->first, std::move(both));
    }
    return filled(std::move(map));
  }

  std::optional<Json> objects(const Value& value, const Key& key) {
    Json items = Json::array();
    for (const Value& item : value.list()) {
      items.push_back(item.is_map() ? object(item, *key.shape) : any(item));
    }
    return filled(std::move(items));
  }

  std::optional<Json> named(const Value& value, const Key& key) {
    Json map = Json::object();
    for (const auto* const entry : ordered(value.map())) {
      add(map, entry->first, entry->second.is_null() ? Json(nullptr) : object(entry->second, *key.shape));
    }
    return key.name == "services" ? std::optional{std::move(map)} : filled(std::move(map));
  }

  [[nodiscard]] Json any(const Value& value) const {
    if (value.is_map()) {
      Json map = Json::object();
      for (const auto* const entry : ordered(value.map())) {
        add(map, entry->first, any(entry->second));
      }
      return map;
    }
    if (value.is_list()) {
      Json items = Json::array();
      for (const Value& item : value.list()) {
        items.push_back(any(item));
      }
      return items;
    }
    return value.is_bool()      ? Json(value.boolean())
           : value.is_integer() ? Json(value.integer())
           : value.is_float()   ? Json(value.number())
           : value.is_text()    ? Json(value.text())
                                : Json(nullptr);
  }

  Form form_;
};

}  // namespace

Json printed(const Value& value, const Shape& shape, Form form) { return Printer{form}.object(value, shape); }

}  // namespace dunnage::compose
