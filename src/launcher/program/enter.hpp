// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A further program in a container whose processes may trace each other. What is born in its pid namespace can be
/// stopped there before its first instruction, and be read and written. So a process outside of that namespace, with
/// memory of its own, becomes all that the program is to be, lets go of all else, and has the program's process as its
/// last step: whoever catches that one finds what the container gave it.
///
///     launcher ── fork ──▶ entrant: joins, gives up, becomes the user, loads the filter
///                            │ clone(CLONE_PARENT | CLONE_VFORK)
///     launcher's child ◀─────┴──▶ born in the container's pid namespace: executes
///
/// The entrant ends when the program runs, or when its process has ended.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// What the launcher learns of it, in memory it shares. The second half is seen in the container, too: the launcher
/// believes nothing of it that could do harm.
struct Entrance {
  static constexpr size_t kHalf = 64U << 10U;  ///< the largest page there is

  int32_t born = 0;  ///< pid of the program's process, written by the kernel before that runs
  Failure failure{};
  uint8_t first_half[kHalf - sizeof(int32_t) - sizeof(Failure)];
  Failure refusal{};  ///< why the program was not executed
  uint8_t second_half[kHalf - sizeof(Failure)];
};
static_assert(offsetof(Entrance, refusal) == Entrance::kHalf && sizeof(Entrance) == 2 * Entrance::kHalf);

/// Null when there is no memory.
Entrance* make_entrance() noexcept;
void remove_entrance(Entrance*& entrance) noexcept;

/// Whether what is started in that container could be traced while it is started.
bool may_trace(const Slot& container) noexcept;

/// Entry point of the clone.
void run_entrant(void* slot) noexcept;

/// When the entrant or what it gave birth to has ended: why there is no program; no error if there is one.
Failure failure_of(const Entrance& entrance) noexcept;

}  // namespace dunnage::launcher
