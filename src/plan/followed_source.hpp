// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Whether the source of a bind mount can be followed by its name (launcher/program/named_source.hpp).

#include <dunnage/bind_mount.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>

#include "plan/bind_source.hpp"

#include <string>
#include <vector>

namespace dunnage::plan {

/// Of a source that is there, and was looked at just now. Throws: MountError for one that cannot be followed.
/// \return what is to be known of it, in sentences
[[nodiscard]] std::vector<std::string> check_followed(const BindMount& mount, const BindSource& source);

/// Of a mount that is to be looked at while the container runs. Throws: MountError.
[[nodiscard]] std::vector<std::string> check_loss_of(const Mount& mount, const ResolvedMount& resolved);

/// Whether its source is looked for again while the container runs.
[[nodiscard]] inline bool is_looked_for(const ResolvedMount& mount) noexcept {
  return mount.follow == Follow::Name || mount.on_loss.policy != LossPolicy::Keep;
}

}  // namespace dunnage::plan
