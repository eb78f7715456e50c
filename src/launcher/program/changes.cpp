// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/changes.hpp"

#include "launcher/program/fork.hpp"
#include "launcher/program/remove.hpp"

namespace dunnage::launcher {
namespace {

constexpr unsigned kMostDeleters = 64;
long deleters[kMostDeleters];

}  // namespace

bool trash_changes(const Slot& slot) noexcept {
  const LaunchPayload& request = *slot.request;
  const int changes = descriptor_of(slot, request.changes);
  const int trash = descriptor_of(slot, request.trash);
  const char* name = text_of(slot, request.changes_name);
  constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE
  return (request.flags & kRemoveRecord) != 0 && changes >= 0 && trash >= 0 && name != nullptr &&
         raw_syscall(__NR_renameat2, changes, as_argument(name), trash, as_argument(name), kNoReplace) >= 0;
}

/// What is left when this is killed lies in the trash, where the next sweep finds it.
void delete_changes(const Slot& slot) noexcept {
  const int trash = descriptor_of(slot, slot.request->trash);
  const char* name = text_of(slot, slot.request->changes_name);
  long* place = nullptr;
  for (long& deleter : deleters) {
    place = deleter == 0 ? &deleter : place;
  }
  const long deleter = place == nullptr ? -EAGAIN : fork_process();
  if (deleter > 0) {
    *place = deleter;
    return;
  }
  if (deleter < 0) {
    (void)remove_tree(trash, name);
    return;
  }
  // nothing of the launcher's stays open by this copy: who waits for the end of a socket must see it
  if (trash > 0) {
    (void)raw_syscall(__NR_close_range, 0, trash - 1, 0);
  }
  (void)raw_syscall(__NR_close_range, trash + 1, ~0U, 0);
  (void)remove_tree(trash, name);
  exit_process(0);
}

void forget_deleter(int pid) noexcept {
  for (long& deleter : deleters) {
    deleter = deleter == pid ? 0 : deleter;
  }
}

void await_deleters() noexcept {
  for (long& deleter : deleters) {
    int status = 0;
    if (deleter > 0) {
      (void)wait_child(static_cast<int>(deleter), &status, 0);
    }
    deleter = 0;
  }
}

}  // namespace dunnage::launcher
