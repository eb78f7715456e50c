// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Doing what a plan says. The plan has been checked by who calls.

#include <dunnage/project_plan.hpp>

#include <functional>
#include <vector>

namespace dunnage::project {

/// \param plan_again what is to be done as things are now: asked once images have come in that containers may be of
/// Throws: ApplyError.
void apply_up(const Project& project, const UpOptions& up, const std::vector<ProjectStep>& steps,
              const ApplyOptions& options, const std::function<std::vector<ProjectStep>()>& plan_again);

/// Throws: ApplyError.
void apply_down(const Project& project, const DownOptions& down, const std::vector<ProjectStep>& steps,
                const ApplyOptions& options);

}  // namespace dunnage::project
