// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a container wrote to the root file system of its image goes with it, if it was not to be kept.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// Moves it out of sight; its lock must be released by then. \return whether there is something to delete now
bool trash_changes(const Slot& slot) noexcept;

/// Deletes it, in a process of its own: there may be much of it.
void delete_changes(const Slot& slot) noexcept;
/// A child has been reaped.
void forget_deleter(int pid) noexcept;
/// The end of the launcher is the end of all processes of its namespace.
void await_deleters() noexcept;

}  // namespace dunnage::launcher
