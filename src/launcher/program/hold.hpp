// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A container that may be started again keeps its sources: its mounts are attached below /held of the parked
/// namespace, and every start takes clones of them.

#include "launcher/program/added_mounts.hpp"
#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// Attaches the root and the mounts of the request, tmpfs aside, below /held. All or nothing.
Failure hold_mounts(Slot& slot) noexcept;

/// Before each start: replaces the slot's descriptors by detached clones of what is held, and new tmpfs.
Failure clone_held(Slot& slot) noexcept;

void release_held(Slot& slot) noexcept;

/// Holds what is to be attached to a container that runs, too. \param mount  becomes a clone of it
Failure hold_later(Slot& container, AddedMount& added, int& mount) noexcept;
void release_held_one(const Slot& container, AddedMount& added) noexcept;
/// A mount of the launch, by its number in the request.
void release_held_launched(const Slot& container, uint32_t index) noexcept;

}  // namespace dunnage::launcher
