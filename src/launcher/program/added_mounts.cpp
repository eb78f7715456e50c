// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/added_mounts.hpp"

#include "launcher/program/container_locks.hpp"
#include "launcher/program/hold.hpp"

namespace dunnage::launcher {
namespace {

AddedMount* spare_added = nullptr;  ///< mapped once, used again

void release_locks_of(AddedMount& added) noexcept {
  for (uint32_t index = 0; index < added.lock_count; ++index) {
    release_lock(added.locks[index]);
  }
  added.lock_count = 0;
}

/// The locks of volumes tell when they were used last, by when they were written. Those of directories are others'.
void note_end_of_use(int lock) noexcept {
  if ((control_descriptor(lock, F_GETFL, 0) & O_ACCMODE) == O_RDWR) {
    (void)raw_syscall(__NR_utimensat, lock, 0, 0, 0);
  }
}

}  // namespace

AddedMount* make_added() noexcept {
  AddedMount* added = spare_added;
  if (added != nullptr) {
    spare_added = added->next;
  } else {
    added = static_cast<AddedMount*>(map_memory(sizeof(AddedMount)));
  }
  if (added != nullptr) {
    __builtin_memset(static_cast<void*>(added), 0, sizeof *added);
    added->mount = -1;
  }
  return added;
}

void free_added(AddedMount* added) noexcept {
  for (uint32_t index = 0; index < added->lock_count; ++index) {
    close_and_clear(added->locks[index]);
  }
  close_and_clear(added->mount);
  added->next = spare_added;
  spare_added = added;
}

void append_added(Slot& container, AddedMount* added) noexcept {
  AddedMount** end = &container.added;
  while (*end != nullptr) {
    end = &(*end)->next;
  }
  added->next = nullptr;
  *end = added;
}

AddedMount* find_added(const Slot& container, const char* target) noexcept {
  AddedMount* added = container.added;
  while (added != nullptr && (!added->attached || !same_text(added->target, target))) {
    added = added->next;
  }
  return added;
}

void end_added(Slot& container, AddedMount* added) noexcept {
  for (uint32_t index = 0; index < added->lock_count; ++index) {
    give_up_lock(container, added->locks[index]);
  }
  added->lock_count = 0;
  release_held_one(container, *added);
  close_and_clear(added->mount);
  added->attached = false;
  if (added->anonymous[0] != '\0') {
    return;
  }
  AddedMount** link = &container.added;
  while (*link != added) {
    link = &(*link)->next;
  }
  *link = added->next;
  free_added(added);
}

void release_added(const Slot& container) noexcept {
  for (AddedMount* added = container.added; added != nullptr; added = added->next) {
    release_locks_of(*added);
  }
}

void forget_added(Slot& container) noexcept {
  while (container.added != nullptr) {
    AddedMount* first = container.added;
    container.added = first->next;
    free_added(first);
  }
}

void release_lock(int& lock) noexcept {
  constexpr long kUnlock = 8;  // LOCK_UN
  if (lock < 0) {
    return;
  }
  note_end_of_use(lock);
  struct flock unlock {};
  unlock.l_type = F_UNLCK;
  (void)control_descriptor(lock, F_OFD_SETLK, as_argument(&unlock));
  (void)raw_syscall(__NR_flock, lock, kUnlock);  // that of a directory is of the other kind
  close_and_clear(lock);
}

}  // namespace dunnage::launcher
