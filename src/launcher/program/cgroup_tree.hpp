// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The launcher's own cgroup in each hierarchy, `dunnage.<number>`, which holds those of its containers. It is locked
/// as long as the launcher lives, so that what a launcher that was killed has left is known by its missing lock, and
/// removed by the next one.

#include "launcher/protocol.hpp"

namespace dunnage::launcher {

/// The launcher's own cgroup in the hierarchy of the record, with its controllers; made if there is none yet.
/// \param base where it is made. Returns a descriptor, which stays open, or -errno; `step` is what failed.
int own_cgroup(const CgroupRecord& record, const char* enable, int base, Step& step) noexcept;

/// Somebody else has removed it: the next own_cgroup() makes another one.
void forget_own_cgroup(uint32_t hierarchy) noexcept;

/// Removes a container's cgroup, with whatever is in it. Processes that are left are killed. 0 or -errno.
int remove_cgroup(uint32_t hierarchy, const char* name, bool unified) noexcept;

/// At the end of the launcher.
void remove_own_cgroups() noexcept;

}  // namespace dunnage::launcher
