// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a container wrote to the root file system of its image is deleted after its end, if it was not to be kept: by a
/// process of its own, as there may be much of it, and for many containers at once where many end.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// Notes what is to be deleted; its lock must be released by then.
void discard_changes(const Slot& slot) noexcept;
/// Something is noted: call delete_changes() in the next quiet moment.
bool any_discarded() noexcept;
void delete_changes() noexcept;

/// A child has been reaped.
void forget_deleter(int pid) noexcept;
/// Deletes what is noted and waits for who deletes: the end of the launcher is the end of all processes of its
/// namespace.
void finish_deleting() noexcept;

}  // namespace dunnage::launcher
