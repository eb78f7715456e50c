// SPDX-License-Identifier: Apache-2.0
#include "image/json.hpp"

#include "image/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace dunnage::image {
namespace {

// Made when the library is loaded: one that is made where it is first used has a lock, which a copy of the process that
// is forked at that moment would wait for.
const Json kNull;
const Json::object_t kNoMembers;
const Json::array_t kNoElements;

constexpr std::size_t kMaxNesting = 64;

/// The parser itself does not recurse, but what is done with deep values later might.
bool is_shallow(std::string_view text) noexcept {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const char character = text[index];
    if (quoted) {
      index += character == '\\' ? 1 : 0;
      quoted = character != '"';
    } else if (character == '"') {
      quoted = true;
    } else if (character == '{' || character == '[') {
      if (++depth > kMaxNesting) {
        return false;
      }
    } else if ((character == '}' || character == ']') && depth > 0) {
      --depth;
    }
  }
  return true;
}

Json parse_bounded(std::string_view text, const std::string& what) {
  if (!is_shallow(text)) {
    throw malformed(fmt::format("{} is nested more than {} deep", what, kMaxNesting));
  }
  return Json::parse(text, nullptr, false);
}

bool is_list_of_objects(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& item) { return item.is_object(); });
}

Fault wrong_kind(const char* name, const char* kind) {
  return malformed(fmt::format("its \"{}\" is not {}", name, kind));
}

std::string checked_text(const Json& value, const char* name) {
  if (!value.is_string()) {
    throw wrong_kind(name, "a text");
  }
  const auto& text = value.get_ref<const std::string&>();
  if (text.find('\0') != std::string::npos) {
    throw malformed(fmt::format("its \"{}\" holds a NUL", name));
  }
  return text;
}

const Json::object_t& object_in(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (value.is_null()) {
    return kNoMembers;
  }
  if (!value.is_object()) {
    throw wrong_kind(name, "an object");
  }
  return value.get_ref<const Json::object_t&>();
}

}  // namespace

Json parse_object(std::string_view text, const std::string& what) {
  Json json = parse_bounded(text, what);
  if (!json.is_object()) {
    throw malformed(fmt::format("{} is not a JSON object", what));
  }
  return json;
}

Json::array_t parse_objects(std::string_view text, const std::string& what) {
  Json json = parse_bounded(text, what);
  if (!is_list_of_objects(json)) {
    throw malformed(fmt::format("{} is not a list of JSON objects", what));
  }
  return std::move(json.get_ref<Json::array_t&>());
}

const Json& member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

std::string text_in(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_null() ? std::string{} : checked_text(value, name);
}

std::uint64_t number_in(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (value.is_null()) {
    return 0;
  }
  if (!value.is_number_unsigned()) {
    throw wrong_kind(name, "a whole number");
  }
  return value.get<std::uint64_t>();
}

std::vector<std::string> texts_in(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (value.is_null()) {
    return {};
  }
  if (value.is_string()) {
    return {checked_text(value, name)};
  }
  if (!value.is_array()) {
    throw wrong_kind(name, "a list");
  }
  std::vector<std::string> texts;
  texts.reserve(value.size());
  for (const Json& item : value) {
    texts.push_back(checked_text(item, name));
  }
  return texts;
}

std::map<std::string, std::string> text_map_in(const Json& object, const char* name) {
  std::map<std::string, std::string> texts;
  for (const auto& [key, value] : object_in(object, name)) {
    texts.emplace(checked_text(key, name), value.is_null() ? std::string{} : checked_text(value, name));
  }
  return texts;
}

std::vector<std::string> keys_in(const Json& object, const char* name) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object_in(object, name)) {
    keys.push_back(checked_text(key, name));
  }
  return keys;
}

const Json::array_t& objects_in(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (value.is_null()) {
    return kNoElements;
  }
  if (!is_list_of_objects(value)) {
    throw wrong_kind(name, "a list of objects");
  }
  return value.get_ref<const Json::array_t&>();
}

}  // namespace dunnage::image
