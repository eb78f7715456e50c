// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The steps of a plan as tasks: what one container needs of others before it is begun.

#include <dunnage/project_plan.hpp>

#include "project/actor.hpp"
#include "project/ledger.hpp"
#include "project/tasks.hpp"

#include <string>
#include <vector>

namespace dunnage::project {

/// The steps of one container, one after the other.
struct Chain {
  std::string service;
  std::vector<ProjectStep> steps;

  [[nodiscard]] bool changes_something() const;
};

[[nodiscard]] std::vector<Chain> chains_of(const std::vector<ProjectStep>& steps);

/// What tasks work with; it outlives them.
struct Workplace {
  const Project& project;
  const std::vector<Chain>& chains;
  Actor& actor;
  Ledger& ledger;
  const ApplyOptions& options;
};

/// Each container comes after what its service depends on, and after what it waits for there.
[[nodiscard]] std::vector<Task> up_tasks(const Workplace& place, const UpOptions& up);

/// Each container comes after those that depend on its service.
[[nodiscard]] std::vector<Task> down_tasks(const Workplace& place);

}  // namespace dunnage::project
