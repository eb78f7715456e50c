// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/changes.hpp"

#include "launcher/program/fork.hpp"
#include "launcher/program/remove.hpp"

namespace dunnage::launcher {
namespace {

/// The directory it is in, and its name there.
struct Discarded {
  int directory;
  char name[128];
};

constexpr unsigned kMostDiscarded = 32;
constexpr unsigned kMostDeleters = 64;
Discarded discarded[kMostDiscarded];
unsigned discarded_count;
long deleters[kMostDeleters];

void delete_all() noexcept {
  for (unsigned index = 0; index < discarded_count; ++index) {
    (void)remove_tree(discarded[index].directory, discarded[index].name);
  }
}

[[noreturn]] void run_deleter() noexcept {
  int directories[kMostDiscarded];
  for (unsigned index = 0; index < discarded_count; ++index) {
    directories[index] = discarded[index].directory;
  }
  close_all_but(directories, discarded_count);
  delete_all();
  exit_process(0);
}

long* free_place() noexcept {
  for (long& deleter : deleters) {
    if (deleter == 0) {
      return &deleter;
    }
  }
  return nullptr;
}

}  // namespace

void discard_changes(const Slot& slot) noexcept {
  const LaunchPayload& request = *slot.request;
  const int changes = descriptor_of(slot, request.changes);
  const char* name = text_of(slot, request.changes_name);
  if ((request.flags & kRemoveChanges) == 0 || changes < 0 || name == nullptr ||
      text_size(name) >= sizeof discarded[0].name) {
    return;
  }
  if (discarded_count == kMostDiscarded) {
    delete_changes();
  }
  Discarded& place = discarded[discarded_count];
  place.directory = control_descriptor(changes, F_DUPFD_CLOEXEC, 3);
  __builtin_memcpy(place.name, name, text_size(name) + 1);
  discarded_count += place.directory >= 0 ? 1U : 0U;
}

bool any_discarded() noexcept { return discarded_count > 0; }

void delete_changes() noexcept {
  long* place = free_place();
  const long deleter = place == nullptr ? -EAGAIN : fork_process();
  if (deleter == 0) {
    run_deleter();
  }
  if (deleter > 0) {
    *place = deleter;
  } else {
    delete_all();
  }
  for (unsigned index = 0; index < discarded_count; ++index) {
    (void)close_descriptor(discarded[index].directory);
  }
  discarded_count = 0;
}

void forget_deleter(int pid) noexcept {
  for (long& deleter : deleters) {
    deleter = deleter == pid ? 0 : deleter;
  }
}

void finish_deleting() noexcept {
  delete_all();
  for (long& deleter : deleters) {
    int status = 0;
    if (deleter > 0) {
      (void)wait_child(static_cast<int>(deleter), &status, 0);
    }
    deleter = 0;
  }
}

}  // namespace dunnage::launcher
