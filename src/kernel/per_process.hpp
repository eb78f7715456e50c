// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a process has one of. A fork may happen at any moment: while another thread holds a mutex, or is making the
/// thing. That thread is not in the copy, so a copy that waited for it would wait for ever.

#include <unistd.h>

#include <atomic>
#include <memory>

namespace dunnage::kernel {

/// To be a constant-initialised variable of static storage. The T of each process is made by the first who asks for it
/// there; two threads that do may make two, and one is thrown away. It is never destroyed: a thread may be at work
/// while the process ends, and the T of the process a copy was made of may be in any state.
template <typename T>
class PerProcess {
 public:
  constexpr PerProcess() noexcept = default;

  [[nodiscard]] T& get() {
    Owned* known = current_.load(std::memory_order_acquire);
    while (known == nullptr || known->owner != ::getpid()) {
      auto fresh = std::make_unique<Owned>();
      if (current_.compare_exchange_strong(known, fresh.get(), std::memory_order_acq_rel)) {
        known = fresh.release();
      }
    }
    return known->value;
  }

 private:
  struct Owned {
    T value{};
    pid_t owner = ::getpid();
  };
  std::atomic<Owned*> current_{nullptr};
};

}  // namespace dunnage::kernel
