// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/container_locks.hpp"

#include "launcher/program/added_mounts.hpp"

namespace dunnage::launcher {
namespace {

/// Calls `look` with each lock of the launch until it answers true. \return whether it did
template <typename Look>
bool any_launched(const Slot& container, const Look& look) noexcept {
  const LaunchPayload& launched = *container.request;
  for (uint32_t index = 0; launched.first_lock >= 0 && index < launched.lock_count; ++index) {
    const uint32_t number = static_cast<uint32_t>(launched.first_lock) + index;
    if (number < container.descriptor_count && container.descriptors[number] >= 0 &&
        look(container.descriptors[number])) {
      return true;
    }
  }
  return false;
}

/// The same with those of what was attached later, too.
template <typename Look>
bool any_lock(const Slot& container, const Look& look) noexcept {
  if (any_launched(container, look)) {
    return true;
  }
  for (AddedMount* added = container.added; added != nullptr; added = added->next) {
    for (uint32_t index = 0; index < added->lock_count; ++index) {
      if (added->locks[index] >= 0 && look(added->locks[index])) {
        return true;
      }
    }
  }
  return false;
}

bool is_on(int lock, uint64_t device, uint64_t inode) noexcept {
  struct stat status {};
  return raw_syscall(__NR_fstat, lock, as_argument(&status)) >= 0 && status.st_dev == device && status.st_ino == inode;
}

/// Two descriptors of one description: what is set of the one shows in the other. kcmp(2) may be forbidden.
bool is_same_lock(int one, int other) noexcept {
  const long flags = control_descriptor(one, F_GETFL, 0);
  const long before = control_descriptor(other, F_GETFL, 0);
  if (flags < 0 || control_descriptor(one, F_SETFL, flags ^ O_NONBLOCK) < 0) {
    return false;
  }
  const bool same = control_descriptor(other, F_GETFL, 0) != before;
  (void)control_descriptor(one, F_SETFL, flags);
  return same;
}

/// Whether nobody else has a claim on the file that keeps others off: who does has it himself, if somebody has.
bool keeps_others_off(int lock) noexcept {
  struct flock test {};
  test.l_type = F_RDLCK;
  test.l_start = 1;  // behind the byte that keeps the volume; see volume/claim.hpp
  return control_descriptor(lock, F_OFD_GETLK, as_argument(&test)) >= 0 && test.l_type == F_UNLCK;
}

bool release_on(Slot& container, uint64_t device, uint64_t inode) noexcept {
  return any_launched(container, [&](int& lock) {
    if (!is_on(lock, device, inode)) {
      return false;
    }
    give_up_lock(container, lock);
    return true;
  });
}

}  // namespace

void give_up_lock(const Slot& container, int& lock) noexcept {
  int given = lock;
  lock = -1;
  if (given >= 0 && any_lock(container, [&](const int other) { return is_same_lock(given, other); })) {
    close_and_clear(given);
  } else {
    release_lock(given);
  }
}

void release_launched(Slot& container, const Slot& change) noexcept {
  const auto* words = reinterpret_cast<const uint64_t*>(change.payload + change.request->released.offset);
  bool done = false;
  for (uint32_t pair = 0; !done && pair < change.request->released.count; ++pair) {
    done = release_on(container, words[size_t{2} * pair], words[size_t{2} * pair + 1]) && pair > 0;
  }
}

long share_lock(const Slot& container, int& lock) noexcept {
  struct stat status {};
  const long looked = raw_syscall(__NR_fstat, lock, as_argument(&status));
  if (looked < 0) {
    return looked;
  }
  long copy = -EBUSY;
  (void)any_lock(container, [&](const int held) {
    const bool found = is_on(held, status.st_dev, status.st_ino) && keeps_others_off(held);
    copy = found ? control_descriptor(held, F_DUPFD_CLOEXEC, 3) : copy;
    return found;
  });
  if (copy < 0) {
    return copy;
  }
  release_lock(lock);
  lock = static_cast<int>(copy);
  return 0;
}

}  // namespace dunnage::launcher
