// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// JSON as the commands print it. Keys keep the order in which the library wrote them.

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace cli {

using Json = nlohmann::ordered_json;

/// One line; bytes that are no UTF-8 (a path may have them) are replaced.
[[nodiscard]] inline std::string one_line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Indented by four, as `docker inspect` has it.
[[nodiscard]] inline std::string pretty(const std::string& text) {
  return Json::parse(text).dump(4, ' ', false, Json::error_handler_t::replace);
}

/// The objects as one array, indented.
[[nodiscard]] inline std::string pretty_array(const std::vector<std::string>& objects) {
  Json array = Json::array();
  for (const auto& object : objects) array.push_back(Json::parse(object));
  return array.dump(4, ' ', false, Json::error_handler_t::replace);
}

}  // namespace cli
