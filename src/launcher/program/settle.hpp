// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Taking over the process: nothing of the host that started it is to reach a container.

#include "launcher/program/child.hpp"

namespace dunnage::launcher {

/// Waits for the host's first message. Returns the broker's socket, -1 when there is none, less on failure.
/// \param asking  gets the other end of that
int receive_configuration(Configuration& configuration, int& asking) noexcept;

/// Session, priority, affinity, keyring, dumpability.
Failure settle(const Surroundings& surroundings) noexcept;

}  // namespace dunnage::launcher
