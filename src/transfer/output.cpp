// SPDX-License-Identifier: Apache-2.0
#include "transfer/output.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <ctime>

namespace dunnage::transfer {
namespace {

/// The host may have a handler for SIGPIPE, or none: here it is no matter of his.
class NoPipeSignal {
 public:
  NoPipeSignal() noexcept {
    sigset_t pending{};
    (void)::sigemptyset(&pipe_);
    (void)::sigaddset(&pipe_, SIGPIPE);
    was_pending_ = ::sigpending(&pending) == 0 && ::sigismember(&pending, SIGPIPE) == 1;
    (void)::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoPipeSignal(const NoPipeSignal&) = delete;
  NoPipeSignal& operator=(const NoPipeSignal&) = delete;
  ~NoPipeSignal() { (void)::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  /// After a write(2) that failed with EPIPE: takes the signal that came of it, and none that was there before.
  void take() const noexcept {
    const timespec now{};
    if (!was_pending_) {
      (void)::sigtimedwait(&pipe_, nullptr, &now);
    }
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace

Output::Output(int fd, const image::Watching& watching) : fd_{fd}, watching_{watching} {
  const struct stat status = kernel::status_of(fd);
  waits_ = !S_ISREG(status.st_mode);
}

void Output::write(std::string_view bytes) const {
  constexpr std::size_t kPiece = PIPE_BUF;  // what a pipe with room takes without waiting
  const NoPipeSignal quiet;
  while (!bytes.empty()) {
    if (waits_) {
      image::wait_ready(fd_, POLLOUT, watching_);
    }
    const ssize_t written = ::write(fd_, bytes.data(), waits_ ? std::min(kPiece, bytes.size()) : bytes.size());
    if (written < 0 && errno != EINTR && errno != EAGAIN) {
      const int number = errno;
      if (number == EPIPE) {
        quiet.take();
      }
      throw kernel::CallError{"write", number};
    }
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
  }
}

}  // namespace dunnage::transfer
