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
///
/// A source with a policy for its loss is looked at in each of its intervals, too, and asked for an answer. Who looks
/// may wait for it for ever, and be nothing that can be killed. So nobody waits for a look that has not begun to
/// exchange the mount: it is given up when its time is over, when the host changes a mount, and when the container
/// ends. The next one is careful then: it does not ask the file system that the other still waits for.

#include "launcher/program/child.hpp"
#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// What a child has found.
enum class Found : uint8_t {
  Nothing,  ///< it has not got so far
  Missing,
  Same,
  Another,  ///< which is mounted by now
  Kept,     ///< something else or nothing, but what the container has answers
  Unknown,  ///< an earlier look still waits for it
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
  bool due = false;           ///< something has happened
  Slot* look = nullptr;       ///< of the child that is at work with it
  uint32_t stuck = 0;         ///< how many children were given up, and have not ended
  uint64_t stuck_device = 0;  ///< what the last of these was to ask
  bool ended = false;         ///< and when all of these have ended, it goes
  bool is_lost = false;
  bool acted = false;    ///< its policy has been applied to that
  int64_t deadline = 0;  ///< of the look; 0: none
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
inline bool is_checked(const NamedSource& source) noexcept { return source.record.on_loss != OnLoss::Keep; }
/// What it has been kept for has ended.
void forget_named_source(NamedSource* source) noexcept;
/// The container has ended during a look: its slot is given back after that.
void wait_for_look(Slot& container) noexcept;

// of children
/// Of a container's first process, and of a change: from here on nothing is missed.
void watch_named_sources(Child& child) noexcept;
void watch_sources_of_change(Child& child) noexcept;
[[noreturn]] void look_for_source(Child& child) noexcept;
/// Walks to the source. \return it, open, or -errno with the step that failed
/// \param careful  EINPROGRESS where the way ends in the file system that is mounted already
int walk_to_source(NamedSource& source, bool careful, Step& step) noexcept;

/// What is at a descriptor, by what is known of it, and whether it answers when it is asked.
struct Looked {
  long error = 0;
  uint32_t type = 0;
  uint64_t device = 0;
  uint64_t inode = 0;
  bool is_mount = false;    ///< the root of one
  bool is_removed = false;  ///< it has no name any more
};
Looked look_at(int fd, bool asks) noexcept;
/// Of a source with a policy: comes back if what has its name is another one, and lives.
void judge_source(Child& child, NamedSource& source, int found, Step step, const Looked& looked) noexcept;

/// All of them, in no order.
NamedSource*& named_sources() noexcept;

}  // namespace dunnage::launcher
