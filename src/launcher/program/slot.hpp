// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A container, or a program executed in one, as the launcher knows it. Slots are mapped once and used again, so that a
/// launch allocates nothing when it is warm.

#include "launcher/program/system.hpp"
#include "launcher/protocol.hpp"

namespace dunnage::launcher {

inline constexpr uint32_t kMostSlots = 32768;
inline constexpr size_t kStackSize = 64U << 10U;
inline constexpr uint32_t kInlineDescriptors = 64;

enum class Life : uint8_t {
  Free,
  Receiving,  ///< not all descriptors are here yet
  Starting,   ///< cloned, not yet executed
  Running,
  Restarting,  ///< waits for its next start
  Ended,       ///< but something still looks for a source of it
};

/// A stream of a recorded container: the program writes into one end, the launcher copies from the other.
struct LogPipe {
  int read_end = -1;
  int write_end = -1;
};

/// What was made ahead for the next container; -1: not there. The file systems of a /dev, and a network namespace.
struct Spare {
  int dev = -1;
  int pts = -1;
  int shm = -1;
  int network = -1;
};

/// A container's cgroup in one hierarchy.
struct OwnCgroup {
  int directory = -1;
  uint32_t hierarchy = 0;
  uint32_t flags = 0;  ///< CgroupFlags
};

/// The settings of a container's cgroups: in the payload of its request, or in a later one.
struct Settings {
  const uint8_t* bytes = nullptr;
  uint32_t size = 0;
  List cgroups;
  List list;
  size_t mapped = 0;  ///< bytes mapped for them alone; 0: they lie in the payload of the slot
};

struct Entrance;
struct AddedMount;
struct NamedSource;

/// Of a look at a source. It may be given up as long as it has only looked: whoever is first decides (look_slot.hpp).
enum LookStage : uint32_t { kLooking, kExchanging, kGivenUp };

struct Slot {
  Slot* next_free = nullptr;
  Slot* next_same_pid = nullptr;
  uint32_t index = 0;
  uint32_t generation = 0;
  Life life = Life::Free;
  bool is_exec = false;
  bool end_restart = false;   ///< the restart policy has ended
  bool started_once = false;  ///< Started was sent
  bool paused = false;
  bool freezer = false;  ///< it is paused by a cgroup
  bool detached = false;
  bool of_another = false;  ///< another program than the host asked for it, and holds its channel
  bool mounts_held = false;

  int channel = -1;
  int status = -1;   ///< our end of the socket whose other end closes when the program is executed
  int process = -1;  ///< pidfd of the first process
  int pid = 0;
  int terminal = -1;
  int log_fd = -1;
  uint64_t log_size = 0;
  LogPipe logs[2];
  Spare spare;
  Slot* container = nullptr;  ///< of an exec: the container it runs in
  uint32_t container_generation = 0;
  Entrance* entrance = nullptr;  ///< of an exec that enters its container from outside (enter.hpp)

  AddedMount* added = nullptr;  ///< what was attached to it while it ran, in this order (added_mounts.hpp)
  uint32_t held_later = 0;      ///< how many of these were ever held (hold.hpp)
  int later_volumes = -1;       ///< for their anonymous volumes, if the request of the launch has none
  int later_trash = -1;
  // of a change of mounts (mount_change.hpp); what the child writes is read when it has ended
  MountChange change{};
  uint64_t expected_mount = 0;  ///< which mount is detached or replaced; 0: whichever is at the target
  int64_t container_started = 0;
  bool committed = false;  ///< by the child: the record says what is to be
  bool changed = false;    ///< by the child: the mount is attached
  bool done = false;       ///< by the child: all of it
  bool waits = false;      ///< for a look at a source of the container
  // of sources that are followed (named_source.hpp)
  NamedSource* looks_for = nullptr;  ///< of a look: its source
  Life container_life{};             ///< of a look: as it began
  bool looked_at = false;            ///< of a container: a look is under way
  bool careful = false;              ///< of a look: an earlier one still waits for what was mounted then
  bool dead = false;                 ///< of a look, by the child: what the container has is
  uint32_t look_stage = kLooking;
  uint32_t changing = 0;  ///< of a container: how many changes of its mounts are under way

  // of a container that has lost a source (source_loss.hpp)
  bool paused_by_loss = false;
  Failure loss{};              ///< it was stopped because of that
  char* loss_words = nullptr;  ///< which one
  size_t loss_mapped = 0;
  int64_t kill_at = 0;

  OwnCgroup cgroups[kMostCgroups];
  uint32_t cgroup_count = 0;
  Settings settings;
  bool oom_killed = false;

  int exit_code = 0;
  int exit_signal = 0;
  uint32_t restart_count = 0;
  int64_t delay = 0;
  int64_t next_start = 0;
  int64_t started_monotonic = 0;
  int64_t started_at = 0;
  int64_t finished_at = 0;
  int64_t reached[kMilestones] = {};  ///< written by the child too

  LaunchPayload* request = nullptr;
  uint8_t* payload = nullptr;
  uint32_t payload_size = 0;
  size_t payload_mapped = 0;  ///< bytes mapped for it alone; 0: it lies in inline_payload
  int* descriptors = nullptr;
  uint32_t descriptor_count = 0;
  uint32_t descriptors_expected = 0;
  int inline_descriptors[kInlineDescriptors];

  Failure failure{};      ///< written by the child, read when its end of `status` is closed
  int child_status = -1;  ///< the child's end of `status`

  alignas(16) uint8_t stack[kStackSize];
  alignas(16) uint8_t inline_payload[kInlinePayload];
};

/// All slots of this launcher.
class Slots {
 public:
  /// Null when there is no memory or the number is exhausted.
  Slot* take() noexcept;
  /// Closes every descriptor of the slot and returns it.
  void give_back(Slot& slot) noexcept;
  Slot* at(uint32_t index) noexcept { return index < count_ ? slots_[index] : nullptr; }
  uint32_t count() const noexcept { return count_; }
  uint32_t live() const noexcept { return live_; }

  void remember_pid(Slot& slot) noexcept;
  void forget_pid(Slot& slot) noexcept;
  Slot* find_pid(int pid) noexcept;

 private:
  static constexpr uint32_t kBuckets = 4096;
  Slot* slots_[kMostSlots];
  Slot* by_pid_[kBuckets];
  Slot* free_ = nullptr;
  uint32_t count_ = 0;
  uint32_t live_ = 0;
};

/// Sets up the slot for a payload of that size and that many descriptors. Returns 0 or -errno.
int reserve(Slot& slot, uint32_t payload_size, uint32_t descriptors) noexcept;

/// Turns the offsets of the received payload into pointers, once; false if one of them points outside.
bool relocate(Slot& slot) noexcept;

/// Whether the settings point nowhere outside of their bytes, which end with a zero.
bool settings_inside(const Settings& settings) noexcept;

inline void close_and_clear(int& fd) noexcept {
  if (fd >= 0) {
    (void)close_descriptor(fd);
    fd = -1;
  }
}

inline void close_spare(Spare& spare) noexcept {
  close_and_clear(spare.dev);
  close_and_clear(spare.pts);
  close_and_clear(spare.shm);
  close_and_clear(spare.network);
}

/// The descriptor with that index of the request; -1 if it is absent.
inline int descriptor_of(const Slot& slot, int32_t index) noexcept {
  return index >= 0 && static_cast<uint32_t>(index) < slot.descriptor_count ? slot.descriptors[index] : -1;
}

/// Notes when a milestone was reached, if somebody wants to know.
inline void note(Slot& slot, Milestone milestone) noexcept {
  if ((slot.request->flags & kTimings) != 0) {
    slot.reached[milestone] = now_monotonic();
  }
}

inline const char* text_of(const Slot& slot, Text text) noexcept {
  return text != 0 ? reinterpret_cast<const char*>(slot.payload) + text : nullptr;
}

inline char** texts_of(const Slot& slot, const List& list) noexcept {
  return reinterpret_cast<char**>(slot.payload + list.offset);
}

inline MountRecord* mounts_of(const Slot& slot) noexcept {
  return reinterpret_cast<MountRecord*>(slot.payload + slot.request->mounts.offset);
}

}  // namespace dunnage::launcher
