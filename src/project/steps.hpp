// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What follows from what is wanted and what is present: plain values in, steps out, and nothing else is looked at.

#include <dunnage/project_plan.hpp>

#include "project/present.hpp"
#include "project/wanted.hpp"

#include <optional>
#include <vector>

namespace dunnage::project {

using Kind = ProjectStep::Kind;

/// Throws: LaunchError for what cannot be.
[[nodiscard]] std::vector<ProjectStep> steps_up(const Wanted& wanted, const Present& present, const UpOptions& options);
[[nodiscard]] std::vector<ProjectStep> steps_down(const Wanted& wanted, const Present& present,
                                                  const DownOptions& options);

/// The volumes of the services, which are made, kept, or made anew.
[[nodiscard]] std::vector<ProjectStep> volume_steps(const Wanted& wanted, const Present& present,
                                                    const std::vector<std::string>& services, bool recreate);

/// What speaks for another container in the place of this one; nothing is in it if it is as it is wanted.
struct Difference {
  std::vector<std::string> fields;
  std::vector<std::string> reasons;
};
[[nodiscard]] Difference difference(const Wanted& wanted, const Present& present, const Service& service,
                                    const PresentContainer& container);

/// The health check of a service: its own, else its image's; none if there is none, or as far as is known.
[[nodiscard]] std::optional<Healthcheck> check_of(const Present& present, const Service& service);

[[nodiscard]] ProjectStep step_for(Kind kind, const PresentContainer& container, std::string reason);

/// "it has ended: exited with 1"
[[nodiscard]] std::string why_it_does_not_run(const PresentContainer& container);

/// What the files ask and is done in another way.
void add_remarks(const Service& service, ProjectStep& step);

[[nodiscard]] LaunchError service_refusal(const Wanted& wanted, const Service& service, std::string cause,
                                          std::error_code code, std::string remedy);
/// Throws: LaunchError.
void check_options(const Wanted& wanted, const UpOptions& options);
/// How many containers of a service are wanted. Throws: LaunchError.
[[nodiscard]] unsigned scale_of(const Wanted& wanted, const UpOptions& options, const Service& service);
/// Refuses a wait that could never end well. Throws: LaunchError.
void check_dependencies(const Wanted& wanted, const Present& present, const Service& service);

/// Why volumes that had no name stay when their container goes.
void keep_anonymous(const PresentContainer& container, std::vector<ProjectStep>& steps);

}  // namespace dunnage::project
