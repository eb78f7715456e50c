// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Words for steps.

#include <dunnage/project_plan.hpp>

#include <string>
#include <string_view>

namespace dunnage::project {

/// "image", "volume" or "container"
[[nodiscard]] std::string_view object_of(ProjectStep::Kind kind) noexcept;
[[nodiscard]] std::string reasons_of(const ProjectStep& step);

}  // namespace dunnage::project
