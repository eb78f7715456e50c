// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is locked for a mount a container has had since its launch, for its launcher, which holds all of its locks and
/// does not know of what. Those of mounts that were attached later it knows.

#include <dunnage/mount_plan.hpp>

#include "prepare/user.hpp"
#include "volume/use_locks.hpp"

#include <string>
#include <vector>

namespace dunnage::launch {

/// First what all mounts of the same source lock, {} if there is no such thing; then what each locks for itself, those
/// of other mounts among it: one of them is the mount's.
/// Throws: kernel::CallError, ImageError.
[[nodiscard]] std::vector<volume::LockedFile> released_locks(const ResolvedMount& mount,
                                                             const std::string& container_id, const prepare::Ids& user);

}  // namespace dunnage::launch
