// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The names in a directory, sorted by their bytes. In memory of the kernel's, for there may be millions of them.

#include "launcher/program/each_entry.hpp"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

namespace dunnage::launcher {

class NameList {
 public:
  static constexpr uint32_t kMostNames = uint32_t{1} << 22U;

  /// Reads all of the directory `fd`. 0 or -errno; -E2BIG if there are too many.
  long begin(int fd) noexcept {
    alignas(8) static char buffer[size_t{32} << 10U];
    const long result = each_entry(fd, buffer, [this](const DirectoryEntry& entry) { return add(entry.name); });
    return result < 0 ? result : sort();
  }

  /// The next one, or null.
  const char* take(int /*fd*/, long& /*result*/) noexcept {
    return next_ < count_ ? names_ + order_[next_++] : nullptr;
  }

  void release() noexcept {
    if (names_ != nullptr) {
      unmap_memory(names_, room_);
    }
    if (order_ != nullptr) {
      unmap_memory(order_, count_ * sizeof(uint32_t));
    }
    *this = NameList{};
  }

 private:
  static constexpr size_t kFirstRoom = size_t{64} << 10U;

  long add(const char* name) noexcept {
    const size_t size = text_size(name) + 1;
    if (count_ == kMostNames) {
      return -E2BIG;
    }
    if (size > room_ - used_) {
      const long result = grow();
      if (result < 0) {
        return result;
      }
    }
    __builtin_memcpy(names_ + used_, name, size);
    used_ += size;
    ++count_;
    return 0;
  }

  long grow() noexcept {
    constexpr long kMayMove = 1;
    const size_t room = room_ == 0 ? kFirstRoom : room_ * 2;
    const long result = names_ == nullptr ? as_argument(map_memory(room))
                                          : raw_syscall(__NR_mremap, as_argument(names_), static_cast<long>(room_),
                                                        static_cast<long>(room), kMayMove, 0);
    if (result == 0 || (result < 0 && result > -4096)) {
      return -ENOMEM;
    }
    names_ = reinterpret_cast<char*>(result);
    room_ = room;
    return 0;
  }

  [[nodiscard]] bool less(uint32_t left, uint32_t right) const noexcept {
    const auto* a = reinterpret_cast<const unsigned char*>(names_ + left);
    const auto* b = reinterpret_cast<const unsigned char*>(names_ + right);
    while (*a != 0 && *a == *b) {
      ++a;
      ++b;
    }
    return *a < *b;
  }

  /// Lets what is at `root` down to its place in the heap of the first `size`.
  void sift(uint32_t root, uint32_t size) noexcept {
    for (uint32_t child = 2 * root + 1; child < size; child = 2 * root + 1) {
      child += child + 1 < size && less(order_[child], order_[child + 1]) ? 1 : 0;
      if (!less(order_[root], order_[child])) {
        return;
      }
      swap(root, child);
      root = child;
    }
  }
  void swap(uint32_t left, uint32_t right) noexcept {
    const uint32_t kept = order_[left];
    order_[left] = order_[right];
    order_[right] = kept;
  }

  /// By a heap: no further memory, and no order of names makes it slow.
  long sort() noexcept {
    if (count_ == 0) {
      return 0;
    }
    order_ = static_cast<uint32_t*>(map_memory(count_ * sizeof(uint32_t)));
    if (order_ == nullptr) {
      return -ENOMEM;
    }
    size_t at = 0;
    for (uint32_t index = 0; index < count_; ++index) {
      order_[index] = static_cast<uint32_t>(at);
      at += text_size(names_ + at) + 1;
    }
    for (uint32_t root = count_ / 2; root > 0; --root) {
      sift(root - 1, count_);
    }
    for (uint32_t last = count_ - 1; last > 0; --last) {
      swap(0, last);
      sift(0, last);
    }
    return 0;
  }

  char* names_ = nullptr;
  uint32_t* order_ = nullptr;
  size_t room_ = 0;
  size_t used_ = 0;
  uint32_t count_ = 0;
  uint32_t next_ = 0;
};

}  // namespace dunnage::launcher
