// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the launcher writes into a container's record in the store: its state, its log; and its removal.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// Replaces state.json. A full disk must not stop a container, so failures are not reported.
void write_state(const Slot& slot, ContainerState state) noexcept;

/// Makes the pipes of the streams that go to the log. Returns 0 or -errno.
int open_logs(Slot& slot) noexcept;

/// Copies what there is from a stream (0, 1, or the terminal's with 2) to the log, at most one buffer full.
/// False when there is nothing more for now.
bool copy_log(Slot& slot, unsigned stream) noexcept;

/// Removes the record and the anonymous volumes, if that was asked for; the locks must be released by then.
void remove_record(const Slot& slot) noexcept;
void remove_anonymous_volumes(const Slot& slot) noexcept;

}  // namespace dunnage::launcher
