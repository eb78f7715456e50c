// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The end of a slot.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// It has ended for good: tells everybody, and gives the slot back.
void finish(Slot& slot) noexcept;
/// Reports a failure to whoever asked for the start, and gives the slot back.
void abandon(Slot& slot, const Failure& failure) noexcept;

}  // namespace dunnage::launcher
