// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Sources that are followed by their names. The launcher watches the directories on the way to each; when something
/// gets the name of one of them, a child looks what has the name of the source by now, and exchanges the mount.
///
///     inotify ──▶ launcher ── clone ──▶ child: walks to the source, and watches each directory before it looks into it
///                   │                    the same: done
///                   │                    another: clones it in the host's mount namespace, holds it for the next
///                   starts │                    setns(container), puts it beneath the old one, takes that off │ ◀──
///                   its end ───────┘ └ keeps it as if it had been attached; tells who watches
///
/// What has come meanwhile is looked at again. A container has one look at a time, and none while the host changes its
/// mounts: each would look for a mount that the other exchanges.

#include "launcher/program/child.hpp"
#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// What a child has found.
enum class Found : uint8_t {
  Nothing,  ///< it has not got so far
  Missing,
  Same,
  Another,  ///< which is mounted by now
};

/// Mapped, with its texts behind it.
struct NamedSource {
  NamedSource* next = nullptr;
  Slot* container = nullptr;
  Slot* holder = nullptr;  ///< the container, or the change that attaches it
  size_t mapped = 0;
  NamedSourceRecord record{};
  MountRecord mount{};
  int host_root = -1;
  int host_mounts = -1;
  int user_namespace = -1;
  const char* path = nullptr;
  const char* target = nullptr;
  const char* replaced = nullptr;
  const char* lost = nullptr;
  const char* restored = nullptr;
  bool due = false;      ///< something has happened
  bool looking = false;  ///< a child is at work with it
  bool ended = false;    ///< and when that has ended, it goes
  bool is_lost = false;
  int64_t next_try = 0;  ///< after a failure; 0: none
  int64_t delay = 0;
  uint32_t outrun = 0;        ///< how often in a row it was replaced while it was looked at
  int watches[kMostWatches];  ///< of the directories on the way, -1: none
  // by the child
  int walked[kMostWatches];  ///< likewise, as it has found the way
  Found found{};
  uint64_t device = 0;
  uint64_t inode = 0;
};

// of the launcher
/// Those of the request. Nothing is watched yet.
Failure make_named_sources(Slot& slot) noexcept;
void forget_named_sources(Slot& slot) noexcept;
/// The host is gone: the broker ends with the last source that is followed.
void release_broker() noexcept;
/// What a change has attached is the container's.
void hand_over_named_sources(Slot& change, Slot& container) noexcept;
void end_named_source(Slot& container, const char* target) noexcept;
/// The container runs: what has happened since its mounts were made is looked at.
void follow_names(Slot& container) noexcept;
/// Something has got a name.
void read_names() noexcept;
/// Starts the looks that are due. \return milliseconds to the next one; less than 0: none is
int start_looks() noexcept;
void settle_look(Slot& look) noexcept;
/// The container has ended during a look: its slot is given back after that.
void wait_for_look(Slot& container) noexcept;

// of children
/// Of a container's first process, and of a change: from here on nothing is missed.
void watch_named_sources(Child& child) noexcept;
void watch_sources_of_change(Child& child) noexcept;
[[noreturn]] void look_for_source(Child& child) noexcept;
/// Walks to the source. \return it, open, or -errno with the step that failed
int walk_to_source(NamedSource& source, Step& step) noexcept;

/// All of them, in no order.
NamedSource*& named_sources() noexcept;

}  // namespace dunnage::launcher
