// SPDX-License-Identifier: Apache-2.0
// What the launcher knows of sources that are followed, and when it has them looked for.

#include "launcher/program/named_source.hpp"

#include "launcher/program/container.hpp"
#include "launcher/program/look_slot.hpp"
#include "launcher/program/source_loss.hpp"
#include "launcher/program/start.hpp"
#include "launcher/program/timer.hpp"

namespace dunnage::launcher {
namespace {

NamedSource* first = nullptr;

int open_names() noexcept {
  Launcher& self = launcher();
  if (self.names < 0) {
    const int fd = static_cast<int>(raw_syscall(__NR_inotify_init1, O_CLOEXEC | O_NONBLOCK));
    if (fd < 0) {
      return fd;
    }
    self.names = fd;
    (void)watch(self.epoll, fd, EPOLLIN, event_data(Role::Names, 0, 0));
  }
  return 0;
}

const char* copy_text(uint8_t*& end, const char* text) noexcept {
  char* copy = reinterpret_cast<char*>(end);
  __builtin_memcpy(copy, text, text_size(text) + 1);
  end += text_size(text) + 1;
  return copy;
}

int duplicate(int fd) noexcept { return fd < 0 ? -1 : control_descriptor(fd, F_DUPFD_CLOEXEC, 3); }

NamedSource* make_one(Slot& slot, const NamedSourceRecord& record) noexcept {
  const MountRecord& mount = mounts_of(slot)[record.mount];
  const char* const texts[] = {text_of(slot, record.path), text_of(slot, mount.target), text_of(slot, record.replaced),
                               text_of(slot, record.lost), text_of(slot, record.restored)};
  size_t size = sizeof(NamedSource);
  for (const char* text : texts) {
    size += text_size(text) + 1;
  }
  auto* source = static_cast<NamedSource*>(map_memory(size));
  if (source == nullptr) {
    return nullptr;
  }
  *source = NamedSource{};
  source->mapped = size;
  uint8_t* end = reinterpret_cast<uint8_t*>(source) + sizeof *source;
  source->path = copy_text(end, texts[0]);
  source->target = copy_text(end, texts[1]);
  source->replaced = copy_text(end, texts[2]);
  source->lost = copy_text(end, texts[3]);
  source->restored = copy_text(end, texts[4]);
  source->record = record;
  source->mount = mount;
  source->holder = &slot;
  source->container = slot.container != nullptr ? slot.container : &slot;
  for (uint32_t depth = 0; depth < kMostWatches; ++depth) {
    source->watches[depth] = source->walked[depth] = -1;
  }
  source->host_root = duplicate(descriptor_of(slot, slot.request->host_root));
  source->host_mounts =
      duplicate(get_surroundings().rootless ? launcher().broker : descriptor_of(slot, slot.request->host_mounts));
  source->user_namespace = duplicate(descriptor_of(slot, record.user_namespace));
  source->next = first;
  first = source;
  return source;
}

/// The kernel gives a directory one watch, which others may have, too.
bool is_watched_by_another(const NamedSource& source, int watch) noexcept {
  for (const NamedSource* other = first; other != nullptr; other = other->next) {
    for (uint32_t depth = 0; other != &source && depth < kMostWatches; ++depth) {
      if (other->watches[depth] == watch || other->walked[depth] == watch) {
        return true;
      }
    }
  }
  return false;
}

/// The way as it was walked last is the way.
void take_way(NamedSource& source) noexcept {
  for (uint32_t depth = 0; depth < kMostWatches; ++depth) {
    const int old = source.watches[depth];
    bool kept = old < 0;
    for (uint32_t other = 0; !kept && other < kMostWatches; ++other) {
      kept = source.walked[other] == old;
    }
    if (!kept && !is_watched_by_another(source, old)) {
      (void)raw_syscall(__NR_inotify_rm_watch, launcher().names, old);
    }
  }
  __builtin_memcpy(source.watches, source.walked, sizeof source.watches);
}

}  // namespace

void forget_named_source(NamedSource* source) noexcept {
  if (source->look != nullptr || source->stuck > 0) {  // it is theirs as long as they live, and nobody else's
    source->ended = true;
    source->holder = nullptr;
    return;
  }
  for (uint32_t depth = 0; depth < kMostWatches; ++depth) {
    const int walked = source->walked[depth];
    if (walked >= 0 && walked != source->watches[depth] && !is_watched_by_another(*source, walked)) {
      (void)raw_syscall(__NR_inotify_rm_watch, launcher().names, walked);
    }
    source->walked[depth] = -1;
  }
  take_way(*source);
  NamedSource** link = &first;
  while (*link != source) {
    link = &(*link)->next;
  }
  *link = source->next;
  close_and_clear(source->host_root);
  close_and_clear(source->host_mounts);
  close_and_clear(source->user_namespace);
  unmap_memory(source, source->mapped);
  release_broker();
}

namespace {

bool may_look(const NamedSource& source) noexcept {
  constexpr uint32_t kMostStuck = 4;
  if (source.ended || source.look != nullptr || source.stuck >= kMostStuck) {
    return false;
  }
  const Slot& container = *source.container;
  return source.holder == &container && !container.looked_at && container.changing == 0 &&
         (container.life == Life::Running || (container.life == Life::Restarting && container.mounts_held));
}

}  // namespace

NamedSource*& named_sources() noexcept { return first; }

Failure make_named_sources(Slot& slot) noexcept {
  Failure failure;
  const LaunchPayload& request = *slot.request;
  const auto* records = reinterpret_cast<const NamedSourceRecord*>(slot.payload + request.named_sources.offset);
  for (uint32_t index = 0; failure.error == 0 && index < request.named_sources.count; ++index) {
    failure.step = Step::WatchSource;
    failure.mount = mounts_of(slot)[records[index].mount].plan_index;
    failure.error = records[index].watched != 0 ? -open_names() : 0;
    if (get_surroundings().rootless && launcher().broker < 0) {
      failure.step = Step::StartBroker;
      failure.error = EOPNOTSUPP;
    } else if (failure.error == 0) {
      const NamedSource* made = make_one(slot, records[index]);
      failure.error = made == nullptr ? ENOMEM : made->host_root < 0 || made->host_mounts < 0 ? EMFILE : 0;
    }
  }
  return failure.error == 0 ? Failure{} : failure;
}

void release_broker() noexcept {
  if (launcher().host_gone && first == nullptr) {
    close_and_clear(launcher().broker);
  }
}

void forget_named_sources(Slot& slot) noexcept {
  for (NamedSource* source = first; source != nullptr;) {
    NamedSource* next = source->next;
    if (source->holder == &slot) {
      forget_named_source(source);
    }
    source = next;
  }
}

void hand_over_named_sources(Slot& change, Slot& container) noexcept {
  for (NamedSource* source = first; source != nullptr; source = source->next) {
    if (source->holder == &change) {
      source->holder = &container;
      take_way(*source);
      source->due = true;
    }
  }
}

void end_named_source(Slot& container, const char* target) noexcept {
  for (NamedSource* source = first; source != nullptr; source = source->next) {
    if (source->holder == &container && same_text(source->target, target)) {
      forget_named_source(source);
      resume_after_loss(container);
      return;
    }
  }
}

void follow_names(Slot& container) noexcept {
  for (NamedSource* source = first; source != nullptr; source = source->next) {
    if (source->holder == &container) {
      if (source->look == nullptr) {
        take_way(*source);
      }
      source->is_lost = source->acted = false;
      source->due = true;
    }
  }
}

int start_looks() noexcept {
  Soonest next;
  const int64_t now = first == nullptr ? 0 : now_monotonic();
  for (NamedSource* source = first; source != nullptr; source = source->next) {
    if (source->look != nullptr && source->deadline != 0) {
      if (source->deadline <= now) {
        miss_deadline(*source);
      } else {
        next.take(source->deadline);
      }
    }
    if (!may_look(*source) || (!source->due && source->next_try == 0)) {
      continue;
    }
    if (!source->due && source->next_try > now) {
      next.take(source->next_try);
      continue;
    }
    source->due = false;
    source->next_try = 0;
    if (start_look(*source) < 0) {  // no process, or no memory
      postpone_look(*source);
      next.take(source->next_try);
    } else if (source->deadline != 0) {
      next.take(source->deadline);
    }
  }
  return next.timeout(now);
}

void end_look(NamedSource& source, const Failure& failure, bool again, bool dead) noexcept {
  if (source.ended) {
    forget_named_source(&source);
    return;
  }
  take_way(source);
  if (again) {
    source.due = true;
  } else if (failure.error != 0) {
    tell_loss(source, failure, dead);
  } else {
    tell_success(source);
  }
  if (is_checked(source) && !source.due && source.next_try == 0) {
    source.next_try = now_monotonic() + source.record.interval * kMillisecond;
  }
}

}  // namespace dunnage::launcher
