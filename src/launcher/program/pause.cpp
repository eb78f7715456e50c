// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/pause.hpp"

#include "launcher/detach.hpp"
#include "launcher/program/cgroup.hpp"
#include "launcher/program/each_entry.hpp"
#include "launcher/program/freezer.hpp"

#include <linux/stat.h>

namespace dunnage::launcher {
namespace {

alignas(8) char entries[32U << 10U];

/// "/proc/<pid>/ns/pid" of this launcher's own /proc.
uint64_t pid_namespace_of(uint64_t pid) noexcept {
  char digits[24];
  char path[48] = "/proc/";
  const char* number = write_number(pid, 10, digits);
  const size_t size = text_size(number);
  __builtin_memcpy(path + 6, number, size);
  __builtin_memcpy(path + 6 + size, "/ns/pid", sizeof "/ns/pid");
  struct statx status {};
  const long result = raw_syscall(__NR_statx, AT_FDCWD, as_argument(path), 0, STATX_INO, as_argument(&status));
  return result < 0 ? 0 : status.stx_ino;
}

uint64_t parse_pid(const char* name) noexcept {
  uint64_t pid = 0;
  for (; *name != '\0'; ++name) {
    if (*name < '0' || *name > '9') {
      return 0;
    }
    pid = pid * 10 + static_cast<uint64_t>(*name - '0');
  }
  return pid;
}

using Action = int (*)(const Slot& slot, uint64_t pid) noexcept;

/// Does something to every process of the container; returns how many there are, or -errno.
long for_each_process(const Slot& slot, Action action) noexcept {
  const uint64_t wanted = pid_namespace_of(static_cast<uint64_t>(slot.pid));
  const int directory = open_at(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY);
  if (wanted == 0 || directory < 0) {
    return wanted == 0 ? -ESRCH : directory;
  }
  long count = 0;
  const long result = each_entry(directory, entries, [&](const DirectoryEntry& entry) {
    const uint64_t pid = parse_pid(entry.name);
    if (pid != 0 && pid_namespace_of(pid) == wanted) {
      ++count;
      (void)action(slot, pid);  // a process that has just ended is no failure
    }
    return 0;
  });
  (void)close_descriptor(directory);
  return result < 0 ? result : count;
}

int stop_process(const Slot&, uint64_t pid) noexcept {
  return static_cast<int>(raw_syscall(__NR_kill, static_cast<long>(pid), SIGSTOP));
}

int continue_process(const Slot&, uint64_t pid) noexcept {
  return static_cast<int>(raw_syscall(__NR_kill, static_cast<long>(pid), SIGCONT));
}

int take_back(const Slot&, uint64_t pid) noexcept { return leave_freezer(pid); }

/// A process that was being forked during one pass is found by the next; two passes with the same count have all.
long for_all_processes(const Slot& slot, Action action) noexcept {
  constexpr int kMostPasses = 64;
  long before = -1;
  for (int pass = 0; pass < kMostPasses; ++pass) {
    const long count = for_each_process(slot, action);
    if (count < 0 || count == before) {
      return count;
    }
    before = count;
  }
  return -EAGAIN;
}

int thaw(Slot& slot) noexcept {
  const int result = set_frozen(slot, false);
  (void)for_all_processes(slot, take_back);
  remove_freezer(slot);
  slot.freezer = false;
  return result;
}

int freeze(Slot& slot, bool waits) noexcept {
  slot.freezer = true;
  // members' children are born in the cgroup, so once all present ones are in it, every later one is
  const long moved = for_all_processes(slot, enter_freezer);
  const int result = moved < 0 ? static_cast<int>(moved) : set_frozen(slot, true, waits);
  if (result < 0) {
    (void)thaw(slot);
  }
  return result;
}

}  // namespace

int pause_container(Slot& slot, bool waits) noexcept {
  if (slot.paused) {
    return 0;
  }
  int result = 0;
  if (unified_cgroup(slot) >= 0) {  // it is there already, and its limits with it
    result = set_frozen(slot, true, waits);
    if (result < 0) {
      (void)set_frozen(slot, false);
    }
  } else if (make_freezer(slot) >= 0) {
    result = freeze(slot, waits);
  } else if (const long stopped = for_all_processes(slot, stop_process); stopped < 0) {
    (void)for_each_process(slot, continue_process);
    result = static_cast<int>(stopped);
  }
  slot.paused = result == 0;
  return result;
}

int resume_container(Slot& slot) noexcept {
  if (!slot.paused) {
    return 0;
  }
  const long result = unified_cgroup(slot) >= 0 ? set_frozen(slot, false)
                      : slot.freezer            ? thaw(slot)
                                                : for_each_process(slot, continue_process);
  slot.paused = result < 0;
  slot.paused_by_loss = slot.paused_by_loss && slot.paused;
  return result < 0 ? static_cast<int>(result) : 0;
}

void release_freezer(Slot& slot) noexcept {
  if (slot.freezer) {
    remove_freezer(slot);
    slot.freezer = false;
  }
}

}  // namespace dunnage::launcher
