// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Stopping and continuing every process of a container: by a cgroup of its own, frozen, where one can be made, so that
/// no process notices; otherwise by SIGSTOP to each.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// 0 or -errno. \param waits  until all of it stands still, a second at most; else what waits for a source may go on
/// until it has its answer
int pause_container(Slot& slot, bool waits = true) noexcept;
int resume_container(Slot& slot) noexcept;

/// The container has ended: its cgroup goes.
void release_freezer(Slot& slot) noexcept;

}  // namespace dunnage::launcher
