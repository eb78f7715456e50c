// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The cgroups of a container: made before it, left by nothing of it, removed after it.

#include "launcher/program/child.hpp"

namespace dunnage::launcher {

/// Makes those its settings name, and writes and verifies the settings. A container without settings gets none.
Failure make_cgroups(Slot& slot) noexcept;
/// When none of its processes is left.
void remove_cgroups(Slot& slot) noexcept;
/// Whether memory had run out, and the kernel killed a process of it.
bool is_oom_killed(const Slot& slot) noexcept;
/// Its directory in the hierarchy of version 2; -1: it has none there.
int unified_cgroup(const Slot& slot) noexcept;

/// In the child, before anything else: what it is born into by the clone it need not join.
void join_cgroups(Child& child, const Slot& container) noexcept;

/// Other settings for a container that runs, all of them or none. \param payload a LaunchPayload of that size
Failure update_cgroups(Slot& slot, const uint8_t* payload, uint32_t size) noexcept;

}  // namespace dunnage::launcher
