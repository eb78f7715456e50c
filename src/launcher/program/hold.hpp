// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A container that may be started again keeps its sources: its mounts are attached below /held of the parked
/// namespace, and every start takes clones of them out of its own copy of that namespace.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// Attaches the root and the mounts of the request, tmpfs aside, below /held. All or nothing.
Failure hold_mounts(Slot& slot) noexcept;

/// In a child: a detached clone of held mount `index`; the root is the one after the last. -errno on failure.
int open_held(const Slot& slot, uint32_t index) noexcept;

void release_held(Slot& slot) noexcept;

}  // namespace dunnage::launcher
