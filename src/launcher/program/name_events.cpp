// SPDX-License-Identifier: Apache-2.0
// What inotify says of the directories on the way to sources that are followed.

#include "launcher/program/container.hpp"
#include "launcher/program/named_source.hpp"

namespace dunnage::launcher {
namespace {

/// inotify_event of inotify(7), whose header needs a C library.
struct NameEvent {
  int watch;
  uint32_t mask;
  uint32_t cookie;
  uint32_t size;  ///< of the name that follows
};

/// The part of a path that is a name in the directory of that depth.
bool is_name_at(const char* path, uint32_t depth, const char* name) noexcept {
  for (uint32_t slashes = 0; *path != '\0'; ++path) {
    if (*path == '/' && slashes++ == depth) {
      const size_t size = text_size(name);
      for (size_t index = 0; index < size; ++index) {
        if (path[1 + index] != name[index]) {
          return false;
        }
      }
      return path[1 + size] == '\0' || path[1 + size] == '/';
    }
  }
  return false;
}

void notice(const NameEvent& event, const char* name) noexcept {
  constexpr uint32_t kOverflow = 0x4000;
  constexpr uint32_t kIgnored = 0x8000;
  for (NamedSource* source = named_sources(); source != nullptr; source = source->next) {
    bool concerned = (event.mask & kOverflow) != 0;
    for (uint32_t depth = 0; depth < kMostWatches; ++depth) {
      const bool here = source->watches[depth] == event.watch || source->walked[depth] == event.watch;
      concerned = concerned || (here && ((event.mask & kIgnored) != 0 || is_name_at(source->path, depth, name)));
      if (here && (event.mask & kIgnored) != 0 && source->look == nullptr) {
        source->watches[depth] = source->walked[depth] = -1;  // the kernel has taken it off: nobody has the number now
      }
    }
    if (concerned) {
      source->due = true;
      source->next_try = 0;
      source->delay = 0;
    }
  }
}

}  // namespace

void read_names() noexcept {
  alignas(NameEvent) static uint8_t buffer[64U << 10U];
  for (;;) {
    const long size = read_bytes(launcher().names, buffer, sizeof buffer);
    if (size <= 0) {
      return;
    }
    for (long at = 0; at < size;) {
      NameEvent event;
      __builtin_memcpy(&event, buffer + at, sizeof event);
      notice(event, event.size > 0 ? reinterpret_cast<const char*>(buffer) + at + sizeof event : "");
      at += static_cast<long>(sizeof event + event.size);
    }
  }
}

}  // namespace dunnage::launcher
