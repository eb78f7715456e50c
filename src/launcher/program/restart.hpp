// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Programs that are started again when they have ended.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// Whether it may ever be.
bool restartable(const Slot& slot) noexcept;
/// Whether this end is followed by another start.
bool starts_again(const Slot& slot) noexcept;
/// Starts it when its delay is over.
void schedule(Slot& slot) noexcept;
/// That it could not be started is its end, and counts as one: it is tried again if its policy says so.
void refuse_start(Slot& slot, int exit_code) noexcept;
/// Starts what is due; returns the milliseconds until the next one, -1 when none waits.
int start_due() noexcept;

}  // namespace dunnage::launcher
