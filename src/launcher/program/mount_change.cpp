// SPDX-License-Identifier: Apache-2.0
// The launcher's half.

#include "launcher/program/mount_change.hpp"

#include "launcher/program/added_mounts.hpp"
#include "launcher/program/container.hpp"
#include "launcher/program/container_locks.hpp"
#include "launcher/program/hold.hpp"
#include "launcher/program/look_slot.hpp"
#include "launcher/program/named_source.hpp"
#include "launcher/program/start.hpp"
#include "launcher/program/transfer.hpp"

#include <linux/stat.h>

namespace dunnage::launcher {
namespace {

Failure change_failure(Step step, int error) noexcept {
  Failure failure;
  failure.step = step;
  failure.error = error;
  failure.mount = 0;  // the only one of its plan
  return failure;
}

/// The mount of the launch at exactly this target; null if there is none, or it was detached.
MountRecord* find_launched(const Slot& container, const char* target) noexcept {
  MountRecord* mounts = mounts_of(container);
  for (uint32_t index = 0; index < container.request->mounts.count; ++index) {
    const bool there = (mounts[index].flags & (kMountInternal | kMountDetached)) == 0;
    if (there && same_text(text_of(container, mounts[index].target), target)) {
      return &mounts[index];
    }
  }
  return nullptr;
}

/// The entry of what is attached, ready to be kept, so that nothing can fail afterwards.
Failure make_entry(Slot& slot) noexcept {
  const MountRecord& record = *mounts_of(slot);
  const LaunchPayload& request = *slot.request;
  const char* target = text_of(slot, record.target);
  const char* anonymous = request.anonymous_volumes.count > 0 ? texts_of(slot, request.anonymous_volumes)[0] : "";
  if (text_size(target) >= kMostTarget || text_size(anonymous) >= kMostVolumeName ||
      request.lock_count > kDescriptorsPerMessage || descriptor_of(slot, record.descriptor) < 0) {
    return change_failure(Step::ReceiveRequest, EBADMSG);
  }
  AddedMount* added = make_added();
  if (added == nullptr) {
    return change_failure(Step::HoldMount, ENOMEM);
  }
  __builtin_memcpy(added->target, target, text_size(target) + 1);
  __builtin_memcpy(added->anonymous, anonymous, text_size(anonymous) + 1);
  added->record = record;
  slot.added = added;
  const bool shares = (request.flags & kSharesLock) != 0 && descriptor_of(slot, request.first_lock) >= 0;
  if (const long shared = shares ? share_lock(*slot.container, slot.descriptors[request.first_lock]) : 0; shared < 0) {
    return change_failure(Step::HoldMount, static_cast<int>(-shared));
  }
  if (const Failure failure = make_named_sources(slot); failure.error != 0) {
    return failure;
  }
  return slot.container->mounts_held ? hold_later(*slot.container, *added, slot.descriptors[record.descriptor])
                                     : Failure{};
}

Failure prepare_change(Slot& slot) noexcept {
  const LaunchPayload& request = *slot.request;
  slot.change = request.change;
  if (request.mounts.count != 1 || slot.change == MountChange::None || slot.change >= MountChange::Undo) {
    return change_failure(Step::ReceiveRequest, EBADMSG);
  }
  Failure failure;
  if (slot.change != MountChange::Attach) {
    failure = find_expected(slot);
  }
  const bool adds = slot.change == MountChange::Attach || slot.change == MountChange::Replace;
  return failure.error == 0 && adds ? make_entry(slot) : failure;
}

Failure start_change(Slot& slot) noexcept {
  slot.life = Life::Starting;
  const int result = start_mount_change(slot);
  if (result >= 0) {
    launcher().slots.remember_pid(slot);
    return {};
  }
  return change_failure(Step::StartProcess, -result);
}

void end_replaced(Slot& container, const Slot& slot) noexcept {
  const char* target = text_of(slot, mounts_of(slot)->target);
  if (AddedMount* added = find_added(container, target)) {
    end_added(container, added);
  } else if (MountRecord* record = find_launched(container, target)) {
    record->flags |= kMountDetached;
    release_held_launched(container, static_cast<uint32_t>(record - mounts_of(container)));
    release_launched(container, slot);
  }
}

/// The container has it from here on, with its locks.
void keep_added(Slot& container, Slot& slot) noexcept {
  AddedMount* added = slot.added;
  slot.added = nullptr;
  const LaunchPayload& request = *slot.request;
  for (uint32_t index = 0; request.first_lock >= 0 && index < request.lock_count; ++index) {
    const uint32_t number = static_cast<uint32_t>(request.first_lock) + index;
    if (number < slot.descriptor_count) {
      added->locks[added->lock_count++] = slot.descriptors[number];
      slot.descriptors[number] = -1;
    }
  }
  added->record.attached = mounts_of(slot)->attached;
  added->attached = true;
  append_added(container, added);
  const auto take = [&](int& later, int32_t index) {
    if (later < 0 && descriptor_of(slot, index) >= 0) {
      later = slot.descriptors[index];
      slot.descriptors[index] = -1;
    }
  };
  take(container.later_volumes, request.volumes);
  take(container.later_trash, request.trash);
}

void end_change(Slot& slot, const Failure& failure) noexcept {
  if (failure.error != 0) {
    take_back(slot);
  }
  const int record = descriptor_of(slot, slot.request->record);
  if (record >= 0) {
    (void)raw_syscall(__NR_unlinkat, record, as_argument(kNextConfigFile), 0);
  }
  Message message;
  message.kind = MessageKind::Answer;
  message.failure = failure;
  if (slot.channel >= 0) {
    (void)send_message(slot.channel, &message, sizeof message, -1);
  }
  if (slot.container->generation == slot.container_generation && slot.container->changing > 0) {
    --slot.container->changing;
  }
  launcher().slots.give_back(slot);
}

/// It has its place among the changes of its container.
void begin_now(Slot& slot) noexcept {
  Failure failure;
  if (slot.container->generation != slot.container_generation || slot.container->life != Life::Running) {
    failure = change_failure(Step::ReceiveRequest, ESRCH);
    slot.change = MountChange::None;
  } else {
    slot.container_started = slot.container->started_monotonic;
    failure = prepare_change(slot);
  }
  failure = failure.error == 0 ? start_change(slot) : failure;
  if (failure.error != 0) {
    failure.mount = 0;
    end_change(slot, failure);
  }
}

}  // namespace

Slot* container_of(const Slot& slot) noexcept {
  Slot* container = slot.container;
  const bool same = container->life == Life::Running && container->generation == slot.container_generation &&
                    container->started_monotonic == slot.container_started;
  return same ? container : nullptr;
}

Failure find_expected(Slot& slot) noexcept {
  const Slot& container = *slot.container;
  const char* target = text_of(slot, mounts_of(slot)->target);
  if (const AddedMount* added = find_added(container, target)) {
    slot.expected_mount = added->record.attached;
    return {};
  }
  const MountRecord* record = find_launched(container, target);
  if (record == nullptr) {
    return change_failure(Step::FindMount, ENOENT);
  }
  if (container.mounts_held && (record->flags & kMountShared) != 0 && slot.change != MountChange::Holders) {
    return change_failure(Step::HoldMount, EOPNOTSUPP);  // every start finds it again in what it begins with
  }
  slot.expected_mount = record->attached;
  return {};
}

void take_over(Slot& container, Slot& slot) noexcept {
  if (slot.change == MountChange::Holders) {
    return;
  }
  if (slot.change != MountChange::Attach) {
    end_replaced(container, slot);
  }
  if (slot.change != MountChange::Follow) {
    if (slot.change != MountChange::Attach) {
      end_named_source(container, text_of(slot, mounts_of(slot)->target));
    }
    hand_over_named_sources(slot, container);
  }
  if (slot.added != nullptr) {
    keep_added(container, slot);
  }
  for (uint32_t index = 0; index < slot.request->reports.count; ++index) {
    report_change(container, texts_of(slot, slot.request->reports)[index]);
  }
}

void take_back(Slot& slot) noexcept {
  if (slot.committed) {
    (void)exchange_configs(descriptor_of(slot, slot.request->record));
  }
  const bool same = slot.container->life != Life::Free && slot.container->generation == slot.container_generation;
  if (slot.added != nullptr && same) {  // else it went with the container
    release_held_one(*slot.container, *slot.added);
  }
}

void begin_mount_change(Slot& slot) noexcept {
  slot.detached = true;  // the host may end before it is done
  slot.container_generation = slot.container->generation;
  ++slot.container->changing;
  if (slot.container->looked_at && !give_up_looks(*slot.container)) {  // it may be exchanging what this is about
    slot.life = Life::Starting;
    slot.waits = true;
    return;
  }
  begin_now(slot);
}

void begin_waiting_changes(const Slot& container) noexcept {
  for (uint32_t index = 0; index < launcher().slots.count(); ++index) {
    Slot& slot = *launcher().slots.at(index);
    if (slot.life == Life::Starting && slot.waits && slot.container == &container) {
      slot.waits = false;
      begin_now(slot);
    }
  }
}

void settle_mount_change(Slot& slot) noexcept {
  launcher().slots.forget_pid(slot);
  close_and_clear(slot.process);
  close_and_clear(slot.status);
  const bool undone = slot.change == MountChange::Undo;
  if (!slot.done && slot.changed && !undone && slot.change == MountChange::Attach && container_of(slot) != nullptr) {
    const Failure why = slot.failure;  // it was killed, by its own alarm or by somebody
    slot.change = MountChange::Undo;
    if (start_change(slot).error == 0) {
      return;
    }
    slot.failure = why;
  }
  Failure failure = undone ? change_failure(Step::VerifyMount, ETIMEDOUT) : slot.failure;
  if (!slot.done && failure.error == 0) {
    failure = change_failure(Step::FindMount, ETIMEDOUT);
  }
  Slot* container = container_of(slot);
  if (container == nullptr) {
    failure = change_failure(Step::ReceiveRequest, ESRCH);
  } else if (failure.error == 0) {
    take_over(*container, slot);
  }
  end_change(slot, failure);
}

long exchange_configs(int record) noexcept {
  constexpr long kExchange = 2;  // RENAME_EXCHANGE
  return raw_syscall(__NR_renameat2, record, as_argument(kNextConfigFile), record, as_argument(kConfigFile), kExchange);
}

}  // namespace dunnage::launcher
