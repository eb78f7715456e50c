// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A container that may be started again keeps its sources: its mounts are attached below /held of the parked
/// namespace, and every start takes clones of them.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// Attaches the root and the mounts of the request, tmpfs aside, below /held. All or nothing.
Failure hold_mounts(Slot& slot) noexcept;

/// Before each start: replaces the slot's descriptors by detached clones of what is held, and new tmpfs.
Failure clone_held(Slot& slot) noexcept;

void release_held(Slot& slot) noexcept;

}  // namespace dunnage::launcher
