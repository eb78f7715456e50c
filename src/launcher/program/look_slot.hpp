// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A look at a source that is followed, as a change of mounts that nobody has sent (mount_change.hpp).

#include "launcher/program/named_source.hpp"

namespace dunnage::launcher {

/// 0 or -errno.
int start_look(NamedSource& source) noexcept;
/// What its look has come to. \param again  the container has become another meanwhile
/// \param dead  what the container has is dead
void end_look(NamedSource& source, const Failure& failure, bool again, bool dead) noexcept;
/// Nobody waits any more for the look at a source of the container, if there is one, and it changes nothing.
/// \return false: it is exchanging the mount, which takes but a moment
bool give_up_looks(Slot& container) noexcept;
/// The time of the look at it is over.
void miss_deadline(NamedSource& source) noexcept;

// of the child
/// From here on it is waited for. Comes back unless it has been given up.
void begin_exchange(Child& child) noexcept;

}  // namespace dunnage::launcher
