// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Programs of the machine that make file systems: mkfs.xfs(8), mkfs.ext4(8), resize2fs(8).

#include <dunnage/progress.hpp>

#include "volume/deed.hpp"

#include <string>
#include <vector>

namespace dunnage::volume {

/// Where it is; empty if it is not installed.
[[nodiscard]] std::string find_disk_program(const std::string& name);

/// What to install where it is missing: `install the package "xfsprogs"`.
[[nodiscard]] std::string remedy_without(const std::string& program);

/// Runs it to its end. Whoever cancels kills it.
/// Throws: VolumeError(not_supported) where it is missing, VolumeError with its last words if it fails,
/// VolumeError(cancelled, timed_out), kernel::CallError.
void run_disk_program(const Deed& deed, const std::string& name, const std::vector<std::string>& arguments,
                      const Watch& watch);

}  // namespace dunnage::volume
