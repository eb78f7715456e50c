// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a plan says about a path.

#include <dunnage/mount_plan.hpp>
#include <dunnage/path_explanation.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace dunnage::plan {

/// The mount a clean path is on by its words: the deepest target at or above it. Null if that is the root.
[[nodiscard]] const ResolvedMount* mount_of(const MountPlan& plan, std::string_view path);

/// Where on the host what is at `below` (with its slash; or empty) in the mount is; empty if that is no path there.
[[nodiscard]] std::filesystem::path source_below(const ResolvedMount& mount, std::string_view below);

/// Fills in what the plan says about the mount. \param below what of the path is below the mount's target
void describe_mount(const ResolvedMount& mount, std::string_view below, PathExplanation& told);

/// The targets below a clean path.
void list_mounts_below(const MountPlan& plan, std::string_view path, PathExplanation& told);

}  // namespace dunnage::plan
