// SPDX-License-Identifier: Apache-2.0
#include "container/log_watch.hpp"

#include "kernel/call_error.hpp"
#include "kernel/descriptor_path.hpp"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace dunnage::container {
namespace {

constexpr long kPauseNanoseconds = 50'000'000;

/// Changes of the files in a directory. Empty where this user has no more inotify instances or watches.
kernel::FileDescriptor watch_directory(int directory) {
  kernel::FileDescriptor events{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
  if (!events) {
    return {};
  }
  constexpr std::uint32_t kChanges = IN_MODIFY | IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR;
  const kernel::DescriptorPath path{directory};
  return ::inotify_add_watch(events.get(), path.text, kChanges) < 0 ? kernel::FileDescriptor{} : std::move(events);
}

kernel::FileDescriptor start_timer() {
  kernel::FileDescriptor timer{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
  const itimerspec pace{.it_interval = {0, kPauseNanoseconds}, .it_value = {0, kPauseNanoseconds}};
  if (!timer || ::timerfd_settime(timer.get(), 0, &pace, nullptr) != 0) {
    throw kernel::CallError{"timerfd", errno};
  }
  return timer;
}

}  // namespace

LogWatch::LogWatch(int record_directory, int launcher)
    : changes_{watch_directory(record_directory)}, epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
  if (!epoll_) {
    throw kernel::CallError{"epoll_create1", errno};
  }
  if (!changes_) {
    changes_ = start_timer();
  }
  add(changes_.get());
  if (launcher >= 0) {
    add(launcher);
  }
}

void LogWatch::add(int fd) const {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw kernel::CallError{"epoll_ctl", errno};
  }
}

void LogWatch::reset() noexcept {
  std::array<char, 4096> ignored{};
  while (::read(changes_.get(), ignored.data(), ignored.size()) > 0) {
  }
}

}  // namespace dunnage::container
