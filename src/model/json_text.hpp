// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Linux names are bytes, JSON strings are Unicode. A name that is valid UTF-8 becomes a string; any other becomes
/// `{"Base16": "2f61ff"}`, so that nothing is lost and nothing fails.

#include <nlohmann/json.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

namespace dunnage::model {

struct Member {
  const char* name;
  mutable nlohmann::ordered_json value;  ///< moved from
};

[[nodiscard]] nlohmann::ordered_json to_json_text(std::string_view text);
/// An object of these members, each name there once: of a list of them the library makes an array for each, and looks
/// for each name among those before it.
[[nodiscard]] nlohmann::ordered_json to_object(std::initializer_list<Member> members);
/// Throws: nlohmann::json::exception or std::invalid_argument if the value is neither form.
[[nodiscard]] std::string from_json_text(const nlohmann::ordered_json& value);

}  // namespace dunnage::model
