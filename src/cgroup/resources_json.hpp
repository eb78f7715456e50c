// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Resources with Docker's names, as records and `inspect` have them.

#include <dunnage/resources.hpp>

#include <nlohmann/json.hpp>

namespace dunnage::cgroup {

/// What is not set is left out.
[[nodiscard]] nlohmann::ordered_json to_value(const Resources& resources);
/// Throws: nlohmann::json::exception, std::invalid_argument.
[[nodiscard]] Resources from_value(const nlohmann::ordered_json& value);

}  // namespace dunnage::cgroup
