// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An iterator over what one of the library's readers gives when it is asked, and waits for with a descriptor.

#include "blocking.hpp"
#include "gil.hpp"
#include "log_iterator.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace dunnage::python {

/// Any thread may read and close it, one entry at a time.
/// \tparam Reader  has next(), ended() and fd(), as LogReader \tparam Taken  what is kept of an entry
template <class Reader, class Taken>
class PulledIterator {
 public:
  /// \param what  it is, for errors: "a log"
  PulledIterator(Reader reader, const char* what)
      : owner_{::getpid()}, reader_{std::move(reader)}, closing_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    if (closing_ < 0) throw std::system_error{errno, std::generic_category(), std::string{"cannot read "} + what};
  }
  PulledIterator(const PulledIterator&) = delete;
  PulledIterator& operator=(const PulledIterator&) = delete;
  ~PulledIterator() { (void)::close(closing_); }

  /// Called with the GIL, which it lets go. Empty at the end. Throws: what reading throws; what a signal handler
  /// raised.
  [[nodiscard]] std::optional<Taken> next() {
    for (;;) {
      if (auto entry = poll()) return entry;
      if (ended()) return std::nullopt;
      if (const int fd = descriptor(); fd >= 0) (void)wait_readable({fd, closing_}, {});
    }
  }
  /// The same without waiting: empty if there is none now.
  [[nodiscard]] std::optional<Taken> poll() {
    require_reader(owner_);
    const Unlocked released;
    const std::scoped_lock lock{mutex_};
    if (closed_) return std::nullopt;
    auto entry = reader_.next();
    return entry ? std::optional<Taken>{std::in_place, std::move(*entry)} : std::nullopt;
  }
  [[nodiscard]] bool ended() const {
    require_reader(owner_);
    const Unlocked released;
    const std::scoped_lock lock{mutex_};
    return closed_ || reader_.ended();
  }
  /// The reader's fd(); -1 when it is closed.
  [[nodiscard]] int descriptor() const {
    require_reader(owner_);
    const Unlocked released;
    const std::scoped_lock lock{mutex_};
    return closed_ ? -1 : reader_.fd();
  }
  void close() {
    if (::getpid() != owner_) return;
    const Unlocked released;
    const std::scoped_lock lock{mutex_};
    closed_ = true;
    (void)::eventfd_write(closing_, 1);
  }

 private:
  int owner_;  ///< process
  mutable std::mutex mutex_;
  Reader reader_;
  bool closed_ = false;
  int closing_;  ///< an eventfd that can be read when it is closed
};

}  // namespace dunnage::python
