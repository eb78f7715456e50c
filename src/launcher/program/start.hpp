// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Starting processes: the launcher's half of the clone.

#include "launcher/program/child.hpp"

namespace dunnage::launcher {

void set_surroundings(const Surroundings& value) noexcept;
const Surroundings& get_surroundings() noexcept;

/// Entry points of the clones.
void run_container(void* slot) noexcept;
void run_exec(void* slot) noexcept;

/// Clones the first process of a container, or a further one. The slot's pid, process and status are set.
/// Returns 0 or -errno.
int start_container(Slot& slot) noexcept;
int start_exec(Slot& slot, int own_process) noexcept;
/// Clones who changes a mount of a container; that one's cgroup, which may be frozen, is none of its own.
int start_mount_change(Slot& slot) noexcept;

}  // namespace dunnage::launcher
