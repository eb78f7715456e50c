// SPDX-License-Identifier: Apache-2.0
#include "container/reader.hpp"

#include "kernel/call_error.hpp"
#include "kernel/quiet_thread.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>

namespace dunnage::container {
Reader::Reader(kernel::FileDescriptor pipe, Stdio::Callback function)
    : pipe_{std::move(pipe)}, stop_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}, function_{std::move(function)} {
  if (!stop_) {
    throw kernel::CallError{"eventfd", errno};
  }
  (void)::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
  thread_ = std::make_unique<std::thread>();  // before it runs: nothing may fail after that
  *thread_ = kernel::start_quiet_thread([this] { run(); });
}

Reader::~Reader() {
  if (!thread_) {
    return;
  }
  const std::uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof one);  // an event counter takes any write but its last
  if (thread_->get_id() == std::this_thread::get_id()) {
    thread_->detach();  // the handle was dropped by its own callback; the thread touches nothing of ours any more
  } else {
    thread_->join();
  }
}

void Reader::abandon() noexcept {
  (void)thread_.release();  // not even detached: what it points to may be a new thread's by now
}

void Reader::run() noexcept {
  std::array<char, std::size_t{64} << 10U> buffer{};
  bool delivering = true;
  for (;;) {
    const ssize_t size = ::read(pipe_.get(), buffer.data(), buffer.size());
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
      return;
    }
    if (size > 0) {
      try {
        if (delivering) {
          function_(std::string_view{buffer.data(), static_cast<std::size_t>(size)});
        }
      } catch (...) {
        delivering = false;  // as Stdio::callback() says: the rest is read and dropped, so that the program goes on
      }
      continue;
    }
    std::array<pollfd, 2> items{pollfd{pipe_.get(), POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
    (void)::poll(items.data(), items.size(), -1);
    if (items[1].revents != 0 && items[0].revents == 0) {
      return;
    }
  }
}

}  // namespace dunnage::container
