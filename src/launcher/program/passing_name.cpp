// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/passing_name.hpp"

namespace dunnage::launcher {

PassingName::PassingName(Worker& worker, int directory, const char* name) noexcept
    : worker_{worker}, directory_{directory}, name_{name} {
  constexpr char kBegin[] = ".dunnage-copy-";
  constexpr char kDigits[] = "0123456789abcdef";
  uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a: names that meet only wait for each other
  for (const char* letter = name; *letter != '\0'; ++letter) {
    hash = (hash ^ static_cast<unsigned char>(*letter)) * 0x100000001b3U;
  }
  __builtin_memcpy(text_, kBegin, sizeof kBegin - 1);
  for (size_t index = 0; index < 16; ++index) {
    text_[sizeof kBegin - 1 + index] = kDigits[hash >> (60 - 4 * index) & 0xfU];
  }
}

long PassingName::take_over() noexcept {
  const long result = raw_syscall(__NR_renameat2, directory_, as_argument(text_), directory_, as_argument(name_), 0);
  made_ = made_ && result < 0;
  return result;
}

bool PassingName::hold() noexcept {
  if (!held_) {
    held_ = true;
    worker_.held.fetch_add(1);
  }
  return worker_.failed.load() == 0;
}

long PassingName::make_room(int attempt) const noexcept {
  constexpr int kMoments = 20;
  if (attempt < kMoments) {
    const timespec moment{0, 1'000'000};
    (void)raw_syscall(__NR_ppoll, 0, 0, as_argument(&moment), 0, 8);
    return 0;
  }
  const long gone = raw_syscall(__NR_unlinkat, directory_, as_argument(text_), 0);
  return gone == -ENOENT ? 0 : gone;
}

void PassingName::drop() noexcept {
  if (made_) {
    (void)raw_syscall(__NR_unlinkat, directory_, as_argument(text_), 0);
    made_ = false;
  }
  if (held_) {
    worker_.held.fetch_sub(1);
    held_ = false;
  }
}

}  // namespace dunnage::launcher
