// SPDX-License-Identifier: Apache-2.0
#include "volume/fill_lock.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/failure.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace dunnage::volume {
namespace {

constexpr auto kLongest = std::chrono::minutes{10};
constexpr auto kBetweenTries = std::chrono::milliseconds{2};

}  // namespace

FillLock::FillLock(const Layout& layout, const std::string& name, const Watch& watch)
    : staging_{layout.open_staging()}, file_name_{"fill-" + name + ".lock"} {
  const auto deadline = watch.deadline.value_or(std::chrono::steady_clock::now() + kLongest);
  while (!try_to_take()) {
    const bool late = std::chrono::steady_clock::now() > deadline;
    if (late || watch.stop.stop_requested()) {
      throw VolumeError{{.stage = dunnage::Stage::Store,
                         .operation = "fill volume",
                         .subject = name,
                         .detail = {},
                         .cause = "another process is filling it",
                         .code = late ? errc::timed_out : errc::cancelled,
                         .remedy = "give it more time"}};
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
}

bool FillLock::try_to_take() {
  file_ = kernel::open_beneath(staging_.get(), file_name_, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                               S_IRUSR | S_IWUSR);
  if (!file_) {
    throw kernel::CallError{"open lock", errno};
  }
  // who held it before has deleted the file, perhaps after we opened it
  return kernel::try_lock(file_.get(), kernel::LockKind::Exclusive) &&
         kernel::is_at(staging_.get(), file_name_, file_.get());
}

FillLock::~FillLock() {
  (void)::unlinkat(staging_.get(), file_name_.c_str(), 0);  // what stays is swept
  kernel::unlock(file_.get());
}

}  // namespace dunnage::volume
