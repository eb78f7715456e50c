// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Letting go of the memory a forked copy of the launcher has no business with.

#include "launcher/program/system.hpp"

namespace dunnage::launcher {

/// Memory that stays. Size 0: none.
struct Kept {
  const void* begin = nullptr;
  size_t size = 0;
};

/// Unmaps all that can be written to but for `kept`: variables of the program and the stack it began with as well, so
/// the caller runs on a stack of its own, which is kept, and uses no variable afterwards. To be called where /proc is
/// the launcher's. Returns 0 or -errno.
long forget_all_but(const Kept* kept, uint32_t count) noexcept;

}  // namespace dunnage::launcher
