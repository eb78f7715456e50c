// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/look_slot.hpp"

#include "launcher/program/added_mounts.hpp"
#include "launcher/program/container.hpp"
#include "launcher/program/hold.hpp"
#include "launcher/program/mount_change.hpp"
#include "launcher/program/start.hpp"
#include "launcher/program/timer.hpp"

namespace dunnage::launcher {
namespace {

constexpr uint32_t kMounts = (sizeof(LaunchPayload) + 7) / 8 * 8;
constexpr uint32_t kTarget = kMounts + sizeof(MountRecord);

/// The request a host would have sent.
int describe(Slot& slot, const NamedSource& source) noexcept {
  const auto size = static_cast<uint32_t>(text_size(source.target) + 1);
  const int reserved = size > kMostTarget ? -ENAMETOOLONG : reserve(slot, kTarget + size, 1);
  if (reserved < 0) {
    return reserved;
  }
  LaunchPayload request;
  request.flags = kExec | kChangesMounts;
  request.change = MountChange::Follow;
  request.mounts = {kMounts, 1};
  MountRecord mount = source.mount;
  mount.target = kTarget;
  mount.descriptor = 0;
  mount.plan_index = 0;
  mount.id = 0;
  __builtin_memcpy(slot.payload, &request, sizeof request);
  __builtin_memcpy(slot.payload + kMounts, &mount, sizeof mount);
  __builtin_memcpy(slot.payload + kTarget, source.target, size);
  slot.request = reinterpret_cast<LaunchPayload*>(slot.payload);
  slot.descriptor_count = 1;
  slot.descriptors[0] = -1;  // by the child, in a table of its own
  slot.added = make_added();
  if (slot.added == nullptr) {
    return -ENOMEM;
  }
  __builtin_memcpy(slot.added->target, source.target, size);
  slot.added->record = mount;
  return 0;
}

int begin_look(Slot& slot, NamedSource& source) noexcept {
  Slot& container = *source.container;
  slot.life = Life::Starting;
  slot.detached = true;
  slot.container = &container;
  slot.container_generation = container.generation;
  slot.container_started = container.started_monotonic;
  slot.container_life = container.life;
  slot.looks_for = &source;
  slot.look_stage = kLooking;
  slot.careful = source.stuck > 0 && source.stuck_device == source.record.device;
  slot.change = MountChange::Follow;
  int result = describe(slot, source);
  if (result == 0) {
    result = -find_expected(slot).error;
  }
  return result == 0 ? start_mount_change(slot) : result;
}

/// Whoever looks holds nothing of the container by now, and is killed. It ends when the kernel lets it.
bool give_up(NamedSource& source) noexcept {
  Slot& look = *source.look;
  uint32_t stage = kLooking;
  if (!__atomic_compare_exchange_n(&look.look_stage, &stage, kGivenUp, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    return false;
  }
  (void)raw_syscall(__NR_kill, look.pid, SIGKILL);
  source.look = nullptr;
  ++source.stuck;
  source.stuck_device = source.record.device;
  ++launcher().given_up;
  source.container->looked_at = false;
  return true;
}

/// It had been given up, and the kernel has let go of it.
void settle_given_up(Slot& look) noexcept {
  NamedSource& source = *look.looks_for;
  --source.stuck;
  --launcher().given_up;
  if (source.ended) {
    forget_named_source(&source);
  }
  launcher().slots.give_back(look);
}

/// Whether it still is what the look began with.
bool is_same(const Slot& look) noexcept {
  const Slot& container = *look.container;
  return container.life == look.container_life && container.generation == look.container_generation &&
         container.started_monotonic == look.container_started;
}

}  // namespace

int start_look(NamedSource& source) noexcept {
  Slot* slot = launcher().slots.take();
  if (slot == nullptr) {
    return -ENOMEM;
  }
  source.found = Found::Nothing;
  const int result = begin_look(*slot, source);
  if (result < 0) {
    slot->looks_for = nullptr;
    launcher().slots.give_back(*slot);
    return result;
  }
  source.look = slot;
  source.deadline = is_checked(source) ? now_monotonic() + source.record.timeout * kMillisecond : 0;
  source.container->looked_at = true;
  launcher().slots.remember_pid(*slot);
  return 0;
}

void settle_look(Slot& look) noexcept {
  launcher().slots.forget_pid(look);
  look.descriptors[0] = -1;
  if (look.look_stage == kGivenUp) {
    settle_given_up(look);
    return;
  }
  Slot& container = *look.container;
  NamedSource& source = *look.looks_for;
  container.looked_at = false;
  source.look = nullptr;
  Failure failure = look.failure;
  const bool same = is_same(look);
  if (failure.error == 0 && !look.done && source.found == Found::Nothing) {
    failure.step = Step::OpenSource;  // its alarm has ended it
    failure.error = ETIMEDOUT;
  }
  const bool exchanged = look.done && same && !source.ended;
  if (exchanged) {
    take_over(container, look);
  } else if (source.found == Found::Another || look.added->is_held) {
    take_back(look);
  }
  const bool gone = failure.step == Step::ReceiveRequest;
  end_look(source, failure, !same || gone, look.dead);
  launcher().slots.give_back(look);
  if (container.life == Life::Ended) {
    container.mounts_held = true;  // what the look has held after all was let go of
    release_held(container);
    launcher().slots.give_back(container);
    return;
  }
  begin_waiting_changes(container);
}

bool give_up_looks(Slot& container) noexcept {
  for (NamedSource* source = named_sources(); source != nullptr; source = source->next) {
    if (source->look != nullptr && source->container == &container) {
      source->due = true;
      return give_up(*source);
    }
  }
  return true;
}

void miss_deadline(NamedSource& source) noexcept {
  source.deadline = 0;
  if (give_up(source)) {
    Failure failure;
    failure.step = Step::OpenSource;
    failure.error = ETIMEDOUT;
    end_look(source, failure, false, true);
  }
}

void begin_exchange(Child& child) noexcept {
  uint32_t stage = kLooking;
  if (!__atomic_compare_exchange_n(&child.slot.look_stage, &stage, kExchanging, false, __ATOMIC_ACQ_REL,
                                   __ATOMIC_ACQUIRE)) {
    exit_process(0);
  }
}

void wait_for_look(Slot& container) noexcept {
  container.life = Life::Ended;
  close_and_clear(container.channel);
  close_and_clear(container.terminal);
  for (LogPipe& log : container.logs) {
    close_and_clear(log.read_end);
    close_and_clear(log.write_end);
  }
  for (uint32_t index = 0; index < container.descriptor_count; ++index) {
    close_and_clear(container.descriptors[index]);
  }
}

}  // namespace dunnage::launcher
