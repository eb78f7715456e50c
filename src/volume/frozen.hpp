// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The users of a volume hold still while this is there.

#include <dunnage/freeze_hook.hpp>

#include <utility>

namespace dunnage::volume {

/// Calls what comes before, and exactly once, however the work between has ended, what comes after.
class Frozen {
 public:
  /// \param hook  outlives it; null: there is nothing to call
  explicit Frozen(const FreezeHook* hook) : hook_{hook} {
    if (hook_ != nullptr && hook_->before) {
      hook_->before();
    }
  }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;
  ~Frozen() {
    try {
      thaw();
    } catch (...) {  // something else is being thrown, which is the reason for all of it
    }
  }
  void thaw() {
    const FreezeHook* hook = std::exchange(hook_, nullptr);
    if (hook != nullptr && hook->after) {
      hook->after();
    }
  }

 private:
  const FreezeHook* hook_;
};

}  // namespace dunnage::volume
