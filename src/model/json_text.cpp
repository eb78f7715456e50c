// SPDX-License-Identifier: Apache-2.0
#include "model/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace dunnage::model {
namespace {

constexpr const char* kBase16 = "Base16";

// The library's own check is used, so that both always agree on what can be dumped.
bool is_unicode(const nlohmann::ordered_json& value) {
  try {
    (void)value.dump();
    return true;
  } catch (const nlohmann::ordered_json::type_error&) {
    return false;
  }
}

}  // namespace

nlohmann::ordered_json to_json_text(std::string_view text) {
  nlohmann::ordered_json value = std::string{text};
  const bool plain = std::all_of(text.begin(), text.end(), [](char letter) { return (letter & 0x80) == 0; });
  if (plain || is_unicode(value)) {  // what is plain ASCII need not be written to see that it can be
    return value;
  }
  std::string digits;
  for (const char character : text) {
    digits += fmt::format("{:02x}", static_cast<unsigned char>(character));
  }
  return {{kBase16, digits}};
}

nlohmann::ordered_json to_object(std::initializer_list<Member> members) {
  constexpr std::size_t kMore = 8;  // what callers add
  nlohmann::ordered_json::object_t object;
  object.reserve(members.size() + kMore);
  for (const Member& member : members) {
    object.emplace_back(member.name, std::move(member.value));
  }
  return object;
}

std::string from_json_text(const nlohmann::ordered_json& value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  const auto digits = value.at(kBase16).get<std::string>();
  if (digits.size() % 2 != 0) {
    throw std::invalid_argument{"an odd number of hexadecimal digits"};
  }
  std::string text;
  for (std::size_t index = 0; index < digits.size(); index += 2) {
    unsigned byte = 0;
    const char* const begin = digits.data() + index;
    const auto [end, fault] = std::from_chars(begin, begin + 2, byte, 16);
    if (fault != std::errc{} || end != begin + 2) {
      throw std::invalid_argument{"not a hexadecimal digit"};
    }
    text += static_cast<char>(byte);
  }
  return text;
}

}  // namespace dunnage::model
