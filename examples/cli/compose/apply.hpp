// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Applying a plan in front of a user.

#include "signals.hpp"

#include <dunnage/project_plan.hpp>

#include <optional>

namespace cli {

struct ApplyWords {
  bool destroy_data = false;
  bool quiet_pull = false;                 ///< no progress of images
  std::optional<unsigned> most_seconds{};  ///< until it gives up
};

/// Does it, and shows how far it is. A signal ends it after what has begun.
/// \return the signal, if one came. Throws: dunnage::Error.
std::optional<int> apply_plan(const dunnage::ProjectPlan& plan, const ApplyWords& words, Signals& signals);

/// The same where no signal is looked at.
void apply_plan(const dunnage::ProjectPlan& plan, const ApplyWords& words = {});

}  // namespace cli
