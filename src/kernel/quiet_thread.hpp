// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Threads of the library's own, of which the host program notices nothing: its signals are handled by its threads.

#include "kernel/call_error.hpp"

#include <pthread.h>
#include <signal.h>

#include <system_error>
#include <thread>
#include <utility>

namespace dunnage::kernel {

/// Starts a thread in which all signals are blocked. Whoever starts it joins or detaches it. Throws: CallError.
template <typename Function>
[[nodiscard]] std::thread start_quiet_thread(Function&& function) {
  struct Blocked {
    sigset_t before{};
    Blocked() {
      sigset_t all;
      (void)::sigfillset(&all);
      (void)::pthread_sigmask(SIG_SETMASK, &all, &before);
    }
    Blocked(const Blocked&) = delete;
    Blocked& operator=(const Blocked&) = delete;
    ~Blocked() { (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
  };
  const Blocked blocked;  // a new thread inherits the mask
  try {
    return std::thread{std::forward<Function>(function)};
  } catch (const std::system_error& error) {
    throw CallError{"start thread", error.code().value()};
  }
}

}  // namespace dunnage::kernel
