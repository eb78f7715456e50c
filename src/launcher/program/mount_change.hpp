// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Mounts of a container that runs are changed by a child of the launcher, which joins the container's mount namespace
/// and nothing else of it: nobody in the container sees it, or could trace it.
///
///     host ── request: mount, locks, record ──▶ launcher ── clone ──▶ child: setns(mount namespace)
///                                                  │                    finds or makes the target, looks what it is
///                                                  │                    exchanges the record for the one to be
///                                                  │                    move_mount, looks again
///                                                  │ ◀── its end ───────┘
///          ◀───────────── Answer ──────────────────┘ keeps the locks; or puts the record back
///
/// The host may be gone by then: nothing of this needs it. The container may be gone, too, or have been started again
/// by its policy: then nothing has changed.

#include "launcher/program/child.hpp"
#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// Whether the request is one.
inline bool changes_mounts(const Slot& slot) noexcept {
  return slot.request != nullptr && (slot.request->flags & kChangesMounts) != 0;
}

/// All parts of the request are here.
void begin_mount_change(Slot& slot) noexcept;
/// Its child has ended.
void settle_mount_change(Slot& slot) noexcept;

/// Entry point of the clone.
void run_mount_change(void* slot) noexcept;

// what a look at a source that is followed has of it (named_source.hpp)
/// The container, if it still is what the request was for.
Slot* container_of(const Slot& slot) noexcept;
/// Which mount is to be detached or replaced.
Failure find_expected(Slot& slot) noexcept;
/// It is done: what was there ends, what is there is kept.
void take_over(Slot& container, Slot& slot) noexcept;
/// Nothing has changed, or nothing stays so.
void take_back(Slot& slot) noexcept;
/// The changes that had to wait for a look.
void begin_waiting_changes(const Slot& container) noexcept;
/// The child lets go of what it does not need, and ends if it has to wait too long.
/// \param more  what it keeps besides
void begin_change(Child& child, const int* more, uint32_t count) noexcept;
void join_container(Child& child) noexcept;

// its steps
/// From here on the record says what is to be. If it comes to nothing the launcher puts it back.
void commit(Child& child) noexcept;
/// Until the mount is nowhere. \return whether it is
bool unmount_wholly(Child& child, int fd, uint64_t id) noexcept;
void detach_mount(Child& child, bool lazily) noexcept;
/// The new mount goes under the old one, which is taken off then: whoever looks sees the one or the other.
void replace_mount(Child& child) noexcept;
void tell_all_holders(Child& child) noexcept;
/// The root of the mount it is about, O_PATH; -1 if the container has it no more.
int open_mounted(Child& child) noexcept;

/// The new config.json, which the host has put beside the present one; after an exchange, what was there before.
inline constexpr char kConfigFile[] = "config.json";
inline constexpr char kNextConfigFile[] = "config.json.next";
/// Exchanges the two. 0 or -errno.
long exchange_configs(int record) noexcept;

}  // namespace dunnage::launcher
