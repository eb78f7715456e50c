// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Linux names are bytes, JSON strings are Unicode. A name that is valid UTF-8 becomes a string; any other becomes
/// `{"Base16": "2f61ff"}`, so that nothing is lost and nothing fails.

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace dunnage::model {

[[nodiscard]] nlohmann::ordered_json to_json_text(std::string_view text);
/// Throws: nlohmann::json::exception or std::invalid_argument if the value is neither form.
[[nodiscard]] std::string from_json_text(const nlohmann::ordered_json& value);

}  // namespace dunnage::model
