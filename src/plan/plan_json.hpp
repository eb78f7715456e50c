// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A plan as JSON and back, without loss: records of containers keep theirs this way.

#include <dunnage/mount_plan.hpp>

#include <nlohmann/json.hpp>

#include <string_view>

namespace dunnage::plan {

/// An array of objects, one per mount.
[[nodiscard]] nlohmann::ordered_json to_value(const MountPlan& plan);

/// Throws: MountError(invalid_argument) if the value is not what to_value() makes.
[[nodiscard]] MountPlan from_value(const nlohmann::ordered_json& value);

/// The way back from MountPlan::to_json(). Throws: as from_value().
[[nodiscard]] MountPlan from_json(std::string_view text);

}  // namespace dunnage::plan
