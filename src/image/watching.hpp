// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Keeping the promises of Watch while an operation runs.

#include <dunnage/progress.hpp>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace dunnage::image {

/// Thread safety: any thread may call; the caller's callback is called by one at a time.
class Watching {
 public:
  /// \param watch  outlives this \param step  "pull", "load", "unpack"
  Watching(const Watch& watch, std::string step) : watch_{watch}, step_{std::move(step)} {}

  /// Throws: Fault(cancelled), Fault(timed_out).
  void check() const;
  /// check(), and a report unless there was one a moment ago. Throws: what the callback throws.
  void at(const std::string& subject, std::uint64_t done, std::uint64_t total);

  [[nodiscard]] const Watch& watch() const noexcept { return watch_; }

 private:
  const Watch& watch_;
  std::string step_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point reported_{};
};

/// Waits until poll(2) says one of these events of a descriptor, with a look at the caller's wishes now and then. A
/// regular file is ready at once. Throws: kernel::CallError, and as check().
void wait_ready(int fd, short events, const Watching& watching);

}  // namespace dunnage::image
