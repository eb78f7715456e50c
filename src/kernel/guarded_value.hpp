// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A value that threads read and replace, and that a forked copy of the process can read as well. There the mutex may
/// be held for ever: by a thread that is not in the copy.

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>

namespace dunnage::kernel {

/// Thread safety: all members may be called from any thread.
template <typename T>
class GuardedValue {
 public:
  explicit GuardedValue(T value = {}) : values_{std::move(value), T{}} {}

  [[nodiscard]] T get() const {
    std::unique_lock lock{mutex_, std::try_to_lock};
    if (!lock && owner_ == ::getpid()) {
      lock.lock();
    }
    return values_[present_];  // always whole: the other one is written, and then becomes the present one
  }

  /// Only in the process that made it.
  void set(T value) {
    T before{};
    const std::scoped_lock lock{mutex_};
    const std::size_t next = 1 - present_;
    values_[next] = std::move(value);
    before = std::exchange(values_[present_.exchange(next)], T{});
  }

 private:
  mutable std::mutex mutex_;
  std::array<T, 2> values_;
  std::atomic<std::size_t> present_{0};
  const pid_t owner_ = ::getpid();
};

}  // namespace dunnage::kernel
