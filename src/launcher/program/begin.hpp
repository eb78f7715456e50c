// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A slot from its request to its running program.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// All parts of a request are here: start it.
void begin(Slot& slot) noexcept;
/// Makes its process, for the first time or again.
Failure start(Slot& slot) noexcept;
/// The program is executed.
void run(Slot& slot) noexcept;

}  // namespace dunnage::launcher
