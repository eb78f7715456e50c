// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Detached mounts for an ordinary user. Cloning a mount needs rights over the mount namespace it is in, which only a
/// process inside the user namespace has, over a copy of the host's namespace it made itself:
///
///     launcher ── broker (host's mount namespace, waits) ── opener (a copy of it, opens what is asked for)
///
/// A copy does not see what the host mounts later (its mounts are private to it), so the opener ends as soon as the
/// host's mount table has changed, and the broker starts another.

#include "launcher/protocol.hpp"

namespace dunnage::launcher {

/// Starts the broker on its socket; to be called before the launcher leaves the host's mount namespace.
/// \param asking  the other end of that, which the launcher keeps
Failure start_broker(int socket, int asking) noexcept;

}  // namespace dunnage::launcher
