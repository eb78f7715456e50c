// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <optional>
#include <stop_token>

namespace dunnage::launcher {

/// A descriptor that becomes readable when somebody wants to stop. Empty if nobody can.
class StopSignal {
 public:
  /// Throws: kernel::CallError.
  explicit StopSignal(const std::stop_token& token) {
    if (!token.stop_possible()) {
      return;
    }
    event_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!event_) {
      throw kernel::CallError{"eventfd", errno};
    }
    callback_.emplace(token, Raise{event_.get()});
  }
  [[nodiscard]] int descriptor() const noexcept { return event_.get(); }

 private:
  struct Raise {
    int event;
    void operator()() const noexcept { (void)::eventfd_write(event, 1); }
  };
  kernel::FileDescriptor event_;
  std::optional<std::stop_callback<Raise>> callback_;
};

}  // namespace dunnage::launcher
