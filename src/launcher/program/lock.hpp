// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Waiting for another thread of a worker (futex(2)).

#include "launcher/program/system.hpp"

#include <linux/futex.h>

#include <atomic>

namespace dunnage::launcher {

inline void wait_while(std::atomic<uint32_t>& word, uint32_t value) noexcept {
  (void)raw_syscall(__NR_futex, as_argument(&word), FUTEX_WAIT_PRIVATE, value, 0);
}

inline void wake_threads(std::atomic<uint32_t>& word, int count) noexcept {
  (void)raw_syscall(__NR_futex, as_argument(&word), FUTEX_WAKE_PRIVATE, count);
}

class Lock {
 public:
  void lock() noexcept {
    uint32_t value = kFree;
    if (word_.compare_exchange_strong(value, kHeld, std::memory_order_acquire)) {
      return;
    }
    while (word_.exchange(kWanted, std::memory_order_acquire) != kFree) {
      wait_while(word_, kWanted);
    }
  }
  void unlock() noexcept {
    if (word_.exchange(kFree, std::memory_order_release) == kWanted) {
      wake_threads(word_, 1);
    }
  }

 private:
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kHeld = 1;
  static constexpr uint32_t kWanted = 2;
  std::atomic<uint32_t> word_{kFree};
};

class Locked {
 public:
  explicit Locked(Lock& lock) noexcept : lock_{lock} { lock_.lock(); }
  ~Locked() { lock_.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  Lock& lock_;
};

}  // namespace dunnage::launcher
