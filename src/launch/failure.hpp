// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A step that failed in the launcher, in words.

#include <dunnage/mount_plan.hpp>

#include "cgroup/limits.hpp"
#include "launcher/protocol.hpp"

#include <string>

namespace dunnage::launch {

struct Attempt {
  std::string operation;  ///< "launch container", "execute in container"
  std::string subject;    ///< its name, or its id
  std::string program;    ///< argv[0]
  std::string cwd;
  const MountPlan* plan = nullptr;
  const cgroup::Limits* limits = nullptr;
  std::string mount_verb = "attach";  ///< what was done to a mount of the plan
};

/// Throws MountError when the failure was about a mount of the plan, LaunchError otherwise.
[[noreturn]] void throw_failure(const Attempt& attempt, const launcher::Failure& failure);

}  // namespace dunnage::launch
