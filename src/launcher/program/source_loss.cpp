// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/source_loss.hpp"

#include "launcher/program/container.hpp"
#include "launcher/program/pause.hpp"
#include "launcher/program/record.hpp"
#include "launcher/program/timer.hpp"

namespace dunnage::launcher {
namespace {

constexpr int64_t kLongestDelay = 60 * kSecond;
constexpr int64_t kGrace = 10 * kSecond;  ///< as Container::stop() has it

/// What the host will do about it takes a change in a directory that is watched; what else fails is tried again.
bool waits_for_names(const Failure& failure) noexcept {
  return failure.step == Step::OpenSource && (failure.error == ELOOP || failure.error == EMEDIUMTYPE);
}

/// It has been replaced again while it was looked at: the kernel attaches nothing that has been removed.
bool is_outrun(const Failure& failure) noexcept {
  return failure.error == ESTALE || (failure.error == ENOENT && failure.step != Step::FindMount);
}

/// Whether it says that the container cannot have what it is to have. Else nothing could be found out just now.
bool is_about_source(const Failure& failure) noexcept {
  switch (failure.step) {
    case Step::FindMount:
    case Step::JoinNamespaces:
    case Step::StartProcess:
    case Step::SetCapabilities:
    case Step::ReceiveRequest:
      return false;
    default:
      return true;
  }
}

void pause_for_loss(Slot& container) noexcept {
  if (!container.paused && pause_container(container, false) == 0) {
    container.paused_by_loss = true;
    write_state(container, ContainerState::Paused);
  }
}

void stop_for_loss(Slot& container, const NamedSource& source, const Failure& failure) noexcept {
  if (container.loss_words != nullptr) {
    return;
  }
  const size_t size = text_size(source.lost) + 1;
  container.loss_words = static_cast<char*>(map_memory(size));
  if (container.loss_words != nullptr) {  // without memory it is stopped all the same, and nobody told why
    container.loss_mapped = size;
    __builtin_memcpy(container.loss_words, source.lost, size);
  }
  container.loss = failure;
  container.end_restart = true;
  container.kill_at = now_monotonic() + kGrace;
  launcher().any_stopping = true;
  send_signal(container, source.record.stop_signal == 0 ? SIGTERM : static_cast<int>(source.record.stop_signal));
}

void act(NamedSource& source, const Failure& failure) noexcept {
  Slot& container = *source.container;
  if (source.acted || container.life != Life::Running) {
    return;
  }
  source.acted = true;
  if (source.record.on_loss == OnLoss::Pause) {
    pause_for_loss(container);
  } else if (source.record.on_loss == OnLoss::Stop) {
    stop_for_loss(container, source, failure);
  }
}

void report_loss(NamedSource& source, const Failure& failure) noexcept {
  if (!source.is_lost) {
    source.is_lost = true;
    report_change(*source.container, source.lost, failure);
  }
}

}  // namespace

void postpone_look(NamedSource& source) noexcept {
  source.delay = longer_delay(source.delay, kSecond, kLongestDelay);
  source.next_try = now_monotonic() + (is_checked(source) ? source.record.interval * kMillisecond : source.delay);
}

void tell_loss(NamedSource& source, const Failure& failure, bool dead) noexcept {
  constexpr uint32_t kMostTries = 64;
  if (!dead && is_outrun(failure) && ++source.outrun < kMostTries) {
    source.due = true;
    return;
  }
  if (is_checked(source)) {
    if (dead || is_about_source(failure)) {
      report_loss(source, failure);
    }
    if (dead) {
      act(source, failure);
    }
    return;
  }
  report_loss(source, failure);
  if (!waits_for_names(failure)) {
    postpone_look(source);
  }
}

void tell_success(NamedSource& source) noexcept {
  if (source.found == Found::Unknown) {
    return;
  }
  source.delay = 0;
  source.outrun = 0;
  const bool was_lost = source.is_lost;
  source.is_lost = was_lost && source.found == Found::Missing;
  source.acted = source.acted && source.is_lost;
  if (source.found == Found::Another) {
    source.record.device = source.device;
    source.record.inode = source.inode;
    report_change(*source.container, was_lost && is_checked(source) ? source.restored : source.replaced);
  } else if (was_lost && !source.is_lost) {
    report_change(*source.container, source.restored);
  }
  if (was_lost && !source.is_lost) {
    resume_after_loss(*source.container);
  }
}

void resume_after_loss(Slot& container) noexcept {
  if (!container.paused_by_loss || container.life != Life::Running) {
    return;
  }
  for (const NamedSource* other = named_sources(); other != nullptr; other = other->next) {
    if (other->holder == &container && other->is_lost && other->record.on_loss == OnLoss::Pause) {
      return;
    }
  }
  if (resume_container(container) == 0) {
    write_state(container, ContainerState::Running);
  }
}

int kill_overdue() noexcept {
  Launcher& self = launcher();
  if (!self.any_stopping) {
    return -1;
  }
  self.any_stopping = false;
  Soonest next;
  const int64_t now = now_monotonic();
  for (uint32_t index = 0; index < self.slots.count(); ++index) {
    Slot& slot = *self.slots.at(index);
    if (slot.kill_at == 0 || slot.life != Life::Running) {
      continue;
    }
    if (slot.kill_at <= now) {
      slot.kill_at = 0;
      send_signal(slot, SIGKILL);
    } else {
      self.any_stopping = true;
      next.take(slot.kill_at);
    }
  }
  return next.timeout(now);
}

void forget_loss(Slot& container) noexcept {
  if (container.loss_words != nullptr) {
    unmap_memory(container.loss_words, container.loss_mapped);
    container.loss_words = nullptr;
  }
}

}  // namespace dunnage::launcher
