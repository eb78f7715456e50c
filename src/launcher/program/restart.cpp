// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/restart.hpp"

#include "launcher/program/begin.hpp"
#include "launcher/program/cgroup.hpp"
#include "launcher/program/container.hpp"
#include "launcher/program/finish.hpp"
#include "launcher/program/record.hpp"
#include "launcher/program/timer.hpp"

namespace dunnage::launcher {
namespace {

constexpr int kNotStarted = 127;  ///< what a shell says of it
constexpr int64_t kFirstDelay = 100 * kMillisecond;
constexpr int64_t kLongestDelay = 60'000 * kMillisecond;
constexpr int64_t kGoodRun = 10'000 * kMillisecond;  ///< a run this long begins the delays anew (Docker's rule)

}  // namespace

bool restartable(const Slot& slot) noexcept {
  return (slot.request->flags & (kRestartAlways | kRestartOnFailure)) != 0;
}

bool starts_again(const Slot& slot) noexcept {
  if (slot.is_exec || slot.end_restart || !slot.mounts_held) {
    return false;
  }
  if ((slot.request->flags & kRestartAlways) != 0) {
    return true;
  }
  const bool failed = slot.exit_code != 0 || slot.exit_signal != 0;
  return (slot.request->flags & kRestartOnFailure) != 0 && failed &&
         (slot.request->max_retries == 0 || slot.restart_count < slot.request->max_retries);
}

void schedule(Slot& slot) noexcept {
  remove_cgroups(slot);
  const int64_t now = now_monotonic();
  if (now - slot.started_monotonic >= kGoodRun) {
    slot.delay = 0;
  }
  slot.delay = longer_delay(slot.delay, kFirstDelay, kLongestDelay);
  slot.next_start = now + slot.delay;
  slot.life = Life::Restarting;
  launcher().any_restarting = true;
  write_state(slot, ContainerState::Restarting);
}

void refuse_start(Slot& slot, int exit_code) noexcept {
  slot.exit_code = exit_code;
  slot.exit_signal = 0;
  slot.finished_at = now_realtime();
  if (starts_again(slot)) {
    schedule(slot);
  } else {
    finish(slot);
  }
}

int start_due() noexcept {
  Launcher& self = launcher();
  if (!self.any_restarting) {
    return -1;
  }
  self.any_restarting = false;
  Soonest next;
  const int64_t now = now_monotonic();
  for (uint32_t index = 0; index < self.slots.count(); ++index) {
    Slot& slot = *self.slots.at(index);
    if (slot.life != Life::Restarting) {
      continue;
    }
    if (slot.end_restart) {
      finish(slot);
    } else if (slot.next_start <= now) {
      ++slot.restart_count;
      if (start(slot).error != 0) {
        refuse_start(slot, kNotStarted);
        if (slot.life == Life::Restarting) {
          next.take(slot.next_start);
        }
      }
    } else {
      self.any_restarting = true;
      next.take(slot.next_start);
    }
  }
  return next.timeout(now);
}

}  // namespace dunnage::launcher
