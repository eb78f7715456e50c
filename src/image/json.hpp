// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// JSON of others: bounded, and read with a fixed amount of stack. The texts come from read_document(), which bounds
/// their size. All of these throw Fault(image_invalid) if a member is of another kind than it has to be.

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

using Json = nlohmann::json;

/// \param what  "its manifest": what the text is, for the error
[[nodiscard]] Json parse_object(std::string_view text, const std::string& what);

/// The same for a list of objects, as a document of its own.
[[nodiscard]] Json::array_t parse_objects(std::string_view text, const std::string& what);

/// A member; null if it is not there. `object` has to be an object.
[[nodiscard]] const Json& member(const Json& object, const char* name);

/// A text; empty if it is not there or null. NUL is refused in it.
[[nodiscard]] std::string text_in(const Json& object, const char* name);
/// A whole number that is not below zero; 0 if it is not there.
[[nodiscard]] std::uint64_t number_in(const Json& object, const char* name);
/// A list of texts; empty if it is not there or null. As in Docker, one text is a list of one.
[[nodiscard]] std::vector<std::string> texts_in(const Json& object, const char* name);
/// An object of texts; empty if it is not there or null.
[[nodiscard]] std::map<std::string, std::string> text_map_in(const Json& object, const char* name);
/// The names in an object; empty if it is not there or null.
[[nodiscard]] std::vector<std::string> keys_in(const Json& object, const char* name);
/// A list of objects. \param what  "its manifest", for the error. Empty if it is not there or null.
[[nodiscard]] const Json::array_t& objects_in(const Json& object, const char* name);

}  // namespace dunnage::image
