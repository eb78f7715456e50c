// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the files of a cgroup say.

#include <dunnage/resources.hpp>

namespace dunnage::cgroup {

/// Adds what this one cgroup of a container says. What it has no files for stays as it was.
/// Throws: kernel::CallError(ENODEV) if the cgroup has been removed.
void add_usage(int directory, ContainerStats& stats);

}  // namespace dunnage::cgroup
