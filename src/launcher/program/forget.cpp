// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/forget.hpp"

#include <initializer_list>

namespace dunnage::launcher {
namespace {

/// A line of /proc/PID/maps as far as it matters: "begin-end rw..."
struct Line {
  uintptr_t numbers[2] = {0, 0};
  unsigned field = 0;  ///< 0, 1: a number; 2: the rights; 3: the rest
  unsigned column = 0;
  bool writable = false;

  /// Whether the line is complete.
  bool take(char letter) noexcept {
    if (letter == '\n') {
      return true;
    }
    if (field < 2 && letter != '-' && letter != ' ') {
      const auto digit = static_cast<uintptr_t>(letter <= '9' ? letter - '0' : letter - 'a' + 10);
      numbers[field] = numbers[field] << 4U | digit;
    } else if (letter == '-' || letter == ' ') {
      if (field < 2 || (field == 2 && letter == ' ')) {
        ++field;
        return false;
      }
    }
    if (field == 2) {
      writable = writable || (column == 1 && letter == 'w');
      ++column;
    }
    return false;
  }
};

uintptr_t address_of(const void* pointer) noexcept { return reinterpret_cast<uintptr_t>(pointer); }

/// From the end of what is kept, whose last page the kernel knows the size of.
long unmap(uintptr_t begin, uintptr_t end) noexcept {
  long result = 0;
  for (const uintptr_t page : {uintptr_t{4096}, uintptr_t{16384}, uintptr_t{65536}}) {
    const uintptr_t first = (begin + page - 1) & ~(page - 1);
    result = first < end ? raw_syscall(__NR_munmap, static_cast<long>(first), static_cast<long>(end - first)) : 0;
    if (result != -EINVAL) {
      break;
    }
  }
  return result;
}

/// What is in [begin, end) and not kept.
long forget_range(uintptr_t begin, uintptr_t end, const Kept* kept, uint32_t count) noexcept {
  while (begin < end) {
    uintptr_t next = end;
    uintptr_t after = end;
    for (uint32_t index = 0; index < count; ++index) {
      const uintptr_t first = address_of(kept[index].begin);
      const uintptr_t last = first + kept[index].size;
      if (last > first && last > begin && first < next) {
        next = first;
        after = last;
      }
    }
    if (const long result = unmap(begin, next); result < 0) {
      return result;
    }
    begin = after;
  }
  return 0;
}

/// Goes on reading where mappings were taken away: the kernel looks for the next address.
long forget_listed(int maps, const Kept* kept, uint32_t count) noexcept {
  char text[4096];
  Line line;
  long result = 0;
  long size = 0;
  while (result == 0 && (size = read_bytes(maps, text, sizeof text)) > 0) {
    for (long index = 0; index < size && result == 0; ++index) {
      if (line.take(text[index])) {
        result = line.writable ? forget_range(line.numbers[0], line.numbers[1], kept, count) : 0;
        line = Line{};
      }
    }
  }
  return result < 0 ? result : size;
}

}  // namespace

long forget_all_but(const Kept* kept, uint32_t count) noexcept {
  const int maps = open_at(AT_FDCWD, "/proc/self/maps", O_RDONLY);
  if (maps < 0) {
    return maps;
  }
  const long result = forget_listed(maps, kept, count);
  (void)close_descriptor(maps);
  return result;
}

}  // namespace dunnage::launcher
