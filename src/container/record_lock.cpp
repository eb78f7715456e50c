// SPDX-License-Identifier: Apache-2.0
#include "container/record_lock.hpp"

#include "kernel/call_error.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace dunnage::container {
namespace {

constexpr mode_t kMode = 0600;
constexpr auto kLongest = std::chrono::seconds{5};

}  // namespace

RecordLock::RecordLock(int record_directory)
    : file_{kernel::open_beneath(record_directory, kLockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                                 kMode)} {
  if (!file_) {
    throw kernel::CallError{"open lock", errno};
  }
  const auto deadline = std::chrono::steady_clock::now() + kLongest;
  while (!kernel::try_lock(file_.get(), kernel::LockKind::Exclusive)) {
    if (std::chrono::steady_clock::now() >= deadline) {
      throw kernel::CallError{"lock", ETIMEDOUT};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

RecordLock::~RecordLock() { kernel::unlock(file_.get()); }

}  // namespace dunnage::container
