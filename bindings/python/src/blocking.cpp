// SPDX-License-Identifier: Apache-2.0
#include "blocking.hpp"

#include "gil.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <system_error>
#include <vector>

namespace dunnage::python {
namespace {

/// A descriptor of our own: the number may be someone else's by the time poll(2) is called again.
class OwnedDescriptor {
 public:
  explicit OwnedDescriptor(int fd) : fd_{fd} {
    if (fd_ < 0) throw std::system_error{errno, std::generic_category(), "cannot wait"};
  }
  OwnedDescriptor(const OwnedDescriptor&) = delete;
  OwnedDescriptor& operator=(const OwnedDescriptor&) = delete;
  ~OwnedDescriptor() { (void)::close(fd_); }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// Milliseconds until the deadline, at most a second: what interrupts a poll may also just have missed it.
int slice_until(const Deadline& deadline) {
  constexpr std::chrono::milliseconds kSlice{1000};
  if (!deadline) return static_cast<int>(kSlice.count());
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp(left, std::chrono::milliseconds{0}, kSlice).count());
}

bool in_main_thread() { return ::syscall(SYS_gettid) == ::getpid(); }

}  // namespace

bool wait_readable(std::initializer_list<int> descriptors, Deadline deadline) {
  std::deque<OwnedDescriptor> own;
  std::vector<pollfd> entries;
  for (const int fd : descriptors) {
    entries.push_back({own.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0)).get(), POLLIN, 0});
  }
  for (;;) {
    int ready = 0;
    int fault = 0;
    {
      const Unlocked unlocked;
      ready = ::poll(entries.data(), entries.size(), slice_until(deadline));
      fault = errno;
    }
    if (ready > 0) return true;
    if (ready < 0 && fault != EINTR) throw std::system_error{fault, std::generic_category(), "poll"};
    if (PyErr_CheckSignals() != 0) throw py::error_already_set{};
    if (deadline && std::chrono::steady_clock::now() >= *deadline) return false;
  }
}

SignalsBlocked::SignalsBlocked() noexcept {
  sigset_t all;
  (void)::sigfillset(&all);
  (void)::pthread_sigmask(SIG_SETMASK, &all, &before_);
}

SignalsBlocked::~SignalsBlocked() { (void)::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void run_interruptibly(const std::function<void()>& work, const std::function<void()>& hurry) {
  if (!in_main_thread()) {
    const Unlocked released;
    work();
    return;
  }
  const OwnedDescriptor done{::eventfd(0, EFD_CLOEXEC)};
  std::exception_ptr failure;
  std::thread worker = start_without_signals([&] {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    (void)::eventfd_write(done.get(), 1);
  });
  const auto join = [&] {
    const Unlocked released;
    worker.join();
  };
  try {
    (void)wait_readable(done.get(), {});
  } catch (...) {
    {
      const Unlocked released;
      hurry();
    }
    join();
    throw;
  }
  join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace dunnage::python
