// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Waiting without the GIL, and without holding up a KeyboardInterrupt.

#include "gil.hpp"

#include <dunnage/process.hpp>

#include <pybind11/pybind11.h>

#include <signal.h>

#include <chrono>
#include <exception>
#include <functional>
#include <initializer_list>
#include <optional>
#include <thread>
#include <utility>

namespace dunnage::python {

namespace py = pybind11;
using Deadline = std::optional<std::chrono::steady_clock::time_point>;  ///< empty: never

/// Called with the GIL. Waits without it until one of them can be read; false at the deadline. Handlers of Python's
/// signals run at once. Throws: what they raise.
[[nodiscard]] bool wait_readable(std::initializer_list<int> descriptors, Deadline deadline);
[[nodiscard]] inline bool wait_readable(int fd, Deadline deadline) { return wait_readable({fd}, deadline); }

/// Called with the GIL; runs `work` without it. In the thread that gets KeyboardInterrupt, `work` runs in another one
/// meanwhile; an interrupt calls `hurry`, which has to bring it to its end.
/// Throws: what `work` throws, or what a signal handler raised.
void run_interruptibly(const std::function<void()>& work, const std::function<void()>& hurry);

/// Signals go to other threads for a while.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept;
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked();

 private:
  sigset_t before_{};
};

/// A thread that leaves the signals of this process to the host's threads.
template <class Work>
[[nodiscard]] std::thread start_without_signals(Work work) {
  const SignalsBlocked blocked;  // a new thread inherits the mask
  return std::thread{std::move(work)};
}

/// The end of a Container or Process. `make_deadline` is asked once; an empty result is the deadline.
template <class Handle>
[[nodiscard]] std::optional<ExitStatus> wait_for_end(const Handle& handle,
                                                     std::optional<std::chrono::milliseconds> timeout) {
  Deadline deadline;
  if (timeout) deadline = std::chrono::steady_clock::now() + *timeout;
  for (;;) {
    std::optional<ExitStatus> status;
    int fd = -1;
    {
      const Unlocked released;
      status = handle.wait_for(std::chrono::milliseconds{0});
      fd = handle.exit_fd();
    }
    // A second at most: a restart by another thread brings another descriptor.
    const auto now = std::chrono::steady_clock::now();
    if (status || (deadline && now >= *deadline)) return status;
    const auto next = now + std::chrono::seconds{1};
    (void)wait_readable(fd, deadline && *deadline < next ? deadline : next);
  }
}

}  // namespace dunnage::python
