// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What was attached to a container while it ran. The launcher keeps it as long as the container, for its next starts,
/// with the locks of what is used.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

inline constexpr uint32_t kMostTarget = 4096;
inline constexpr uint32_t kMostVolumeName = 256;

struct AddedMount {
  AddedMount* next = nullptr;
  bool attached = false;  ///< else only its anonymous volume is left
  bool is_held = false;
  MountRecord record{};
  uint32_t held = 0;  ///< its number below /held
  int mount = -1;     ///< for the next start
  uint32_t lock_count = 0;
  int locks[kDescriptorsPerMessage];
  char anonymous[kMostVolumeName] = {};  ///< the name of its volume that goes with the container; empty: none
  char target[kMostTarget] = {};
};

/// Null when there is no memory.
AddedMount* make_added() noexcept;
void free_added(AddedMount* added) noexcept;

/// As the last one of the container's.
void append_added(Slot& container, AddedMount* added) noexcept;
/// What is attached at exactly this target; null if nothing was attached there.
AddedMount* find_added(const Slot& container, const char* target) noexcept;
/// It is attached no more: what it uses is given free. One with an anonymous volume stays, to be removed later.
void end_added(Slot& container, AddedMount* added) noexcept;
/// Gives free what all of them use.
void release_added(const Slot& container) noexcept;
/// Frees the memory, and closes what is open.
void forget_added(Slot& container) noexcept;

/// Gives up a lock of either kind, of which others may have copies, and closes it.
void release_lock(int& lock) noexcept;

}  // namespace dunnage::launcher
