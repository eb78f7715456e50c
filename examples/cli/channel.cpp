// SPDX-License-Identifier: Apache-2.0
#include "channel.hpp"

#include <unistd.h>

#include <cerrno>

namespace cli {

pollfd Channel::interest() const noexcept {
  if (begin_ != end_) return {.fd = to_, .events = POLLOUT, .revents = 0};
  if (closed_) return {.fd = -1, .events = 0, .revents = 0};
  return {.fd = from_, .events = POLLIN, .revents = 0};
}

bool Channel::move() { return begin_ != end_ ? flush() : fill(); }

bool Channel::fill() {
  if (closed_) return false;
  const ssize_t count = read(from_, buffer_.data(), buffer_.size());
  if (count > 0) {
    begin_ = 0;
    end_ = static_cast<std::size_t>(count);
    return true;
  }
  // A terminal whose other side is closed answers EIO.
  if (count == 0 || (errno != EAGAIN && errno != EINTR)) closed_ = true;
  return false;
}

bool Channel::flush() {
  const ssize_t count = write(to_, buffer_.data() + begin_, end_ - begin_);
  if (count > 0) {
    begin_ += static_cast<std::size_t>(count);
    return true;
  }
  if (errno == EAGAIN || errno == EINTR) return false;
  begin_ = end_;  // nobody reads any more
  closed_ = true;
  return false;
}

}  // namespace cli
