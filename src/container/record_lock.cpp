// SPDX-License-Identifier: Apache-2.0
#include "container/record_lock.hpp"

#include "kernel/call_error.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>

#include <cerrno>
#include <chrono>

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
  if (!kernel::lock_within(file_.get(), kernel::LockKind::Exclusive, kLongest)) {
    throw kernel::CallError{"wait for who copies, starts or removes it just now", EBUSY};
  }
}

RecordLock::~RecordLock() {
  if (!handed_over_) {
    kernel::unlock(file_.get());
  }
}

}  // namespace dunnage::container
