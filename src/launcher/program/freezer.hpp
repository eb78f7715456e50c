// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A cgroup of version 2 for one container, below the launcher's own. It exists only while the container is paused.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// -errno when this user may not make one here.
int make_freezer(Slot& slot) noexcept;
/// Puts a process into the container's cgroup, or back where it was.
int enter_freezer(const Slot& slot, uint64_t pid) noexcept;
int leave_freezer(uint64_t pid) noexcept;
/// Freezes and, if it is to, waits until all are frozen, at most a second; -ETIMEDOUT then.
int set_frozen(const Slot& slot, bool frozen, bool waits = true) noexcept;
void remove_freezer(const Slot& slot) noexcept;

}  // namespace dunnage::launcher
