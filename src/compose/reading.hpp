// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Values as what they mean, once the schema has seen them.

#include "compose/cast.hpp"
#include "compose/value.hpp"

#include <dunnage/volume.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace dunnage::compose {

/// 0 for what is no number.
[[nodiscard]] inline std::int64_t whole(const Value& value) {
  return value.is_integer() ? value.integer() : value.is_text() ? integer_of(value.text()).value_or(0) : 0;
}

[[nodiscard]] inline bool truth(const Value* value) {
  return value != nullptr &&
         (value->is_bool() ? value->boolean() : value->is_text() && boolean_of(value->text()).value_or(false));
}

[[nodiscard]] inline std::vector<std::string> texts_of(const Value* value) {
  std::vector<std::string> texts;
  if (value != nullptr && value->is_list()) {
    for (const Value& item : value->list()) {
      texts.push_back(item.scalar_text());
    }
  }
  return texts;
}

[[nodiscard]] inline Labels labels_of(const Value* value) {
  Labels labels;
  if (value != nullptr && value->is_map()) {
    for (const auto& [name, text] : value->map()) {
      labels.insert_or_assign(name, text.scalar_text());
    }
  }
  return labels;
}

}  // namespace dunnage::compose
