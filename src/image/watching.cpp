// SPDX-License-Identifier: Apache-2.0
#include "image/watching.hpp"

#include "image/failure.hpp"
#include "kernel/call_error.hpp"

#include <poll.h>

#include <cerrno>

namespace dunnage::image {

void Watching::check() const {
  if (watch_.stop.stop_requested()) {
    throw Fault{errc::cancelled, "its caller asked for the end", "nothing was changed; start it again"};
  }
  if (watch_.deadline && std::chrono::steady_clock::now() >= *watch_.deadline) {
    throw Fault{errc::timed_out, "", "nothing was changed; give it more time"};
  }
}

void Watching::at(const std::string& subject, std::uint64_t done, std::uint64_t total) {
  constexpr auto kBetween = std::chrono::milliseconds{250};
  check();
  if (!watch_.progress) {
    return;
  }
  const std::lock_guard lock{mutex_};
  const auto now = std::chrono::steady_clock::now();
  if (now - reported_ >= kBetween) {
    reported_ = now;
    watch_.progress(Progress{step_, subject, done, total});
  }
}

void wait_ready(int fd, short events, const Watching& watching) {
  constexpr int kGlance = 100;  // milliseconds between two looks at the caller's wishes
  pollfd item{fd, events, 0};
  for (int ready = 0; ready <= 0;) {
    watching.check();
    ready = ::poll(&item, 1, kGlance);
    if (ready < 0 && errno != EINTR) {
      throw kernel::CallError{"poll", errno};
    }
  }
}

}  // namespace dunnage::image
