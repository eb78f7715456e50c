// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A model as it is printed: keys in the specification's order, values in one form each, nothing that says nothing.

#include "compose/keys.hpp"
#include "compose/value.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace dunnage::compose {

using Json = nlohmann::ordered_json;

/// What the two forms of Docker Compose's output do not have in common.
enum class Form {
  Yaml,  ///< names in natural order; with `x-` keys
  Json,  ///< names in the order of their bytes; `command` and `entrypoint` even if there is none
};

[[nodiscard]] Json printed(const Value& value, const Shape& shape, Form form);

/// As Go's yaml.v4 writes it: two blanks a level, lists indented, texts plain where they can be.
[[nodiscard]] std::string yaml_text(const Json& value);
/// As Go's encoding/json writes it. \param indent blanks a level; none: all in one line
[[nodiscard]] std::string json_text(const Json& value, int indent);

}  // namespace dunnage::compose
