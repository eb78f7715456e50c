// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a look at a source has come to: who watches is told, and a container that has lost one is paused, resumed or
/// stopped. All of it is the launcher's.

#include "launcher/program/named_source.hpp"

namespace dunnage::launcher {

/// \param dead  what the container has is, and not only what was to be put in its place
void tell_loss(NamedSource& source, const Failure& failure, bool dead) noexcept;
void tell_success(NamedSource& source) noexcept;
/// Tries again after a while, which grows.
void postpone_look(NamedSource& source) noexcept;

/// Ends the pause of a container that has lost a source, unless it still lacks one.
void resume_after_loss(Slot& container) noexcept;
/// Kills what was stopped and had its time. \return milliseconds to the next one; less than 0: there is none
int kill_overdue() noexcept;
void forget_loss(Slot& container) noexcept;

}  // namespace dunnage::launcher
