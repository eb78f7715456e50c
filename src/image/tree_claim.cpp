// SPDX-License-Identifier: Apache-2.0
#include "image/tree_claim.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

namespace dunnage::image {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kBetweenLooks = std::chrono::milliseconds{10};
constexpr auto kBetweenTells = std::chrono::milliseconds{100};
constexpr auto kPatienceWithUnpacking = std::chrono::seconds{10};

struct State {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  friend bool operator==(const State&, const State&) = default;
};

State read_state(int file) {
  State state;
  return ::pread(file, &state, sizeof state, 0) == ssize_t{sizeof state} ? state : State{};
}

}  // namespace

TreeClaim::TreeClaim(int staging, const std::string& name, Watching& watching, const std::string& subject)
    : staging_{staging}, name_{name + ".lock"} {
  State seen;
  auto moved = Clock::now();
  while (!take()) {
    const State now = lock_ ? read_state(lock_.get()) : State{};
    if (now != seen) {
      seen = now;
      moved = Clock::now();
    }
    if (Clock::now() - moved > kPatienceWithUnpacking) {
      lock_.reset();
      return;
    }
    watching.at(subject, now.done, now.total);
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

TreeClaim::~TreeClaim() {
  if (lock_) {
    (void)::unlinkat(staging_, name_.c_str(), 0);  // what stays is swept by a later call
    kernel::unlock(lock_.get());
  }
}

/// \return whether it is ours; else lock_ is the file of who has it, or empty
bool TreeClaim::take() {
  lock_ = kernel::open_beneath(staging_, name_, O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
                               volume::kPrivateFile);
  if (!lock_) {
    throw kernel::CallError{"open", errno};
  }
  if (!kernel::try_lock(lock_.get(), kernel::LockKind::Exclusive)) {
    return false;
  }
  if (kernel::is_at(staging_, name_, lock_.get())) {
    return true;
  }
  lock_.reset();  // its owner had done, or a sweep was faster
  return false;
}

void TreeClaim::tell(std::uint64_t done, std::uint64_t total) noexcept {
  if (!lock_) {
    return;
  }
  const std::int64_t now = Clock::now().time_since_epoch().count();
  std::int64_t before = told_.load(std::memory_order_relaxed);
  if (now - before < Clock::duration{kBetweenTells}.count() || !told_.compare_exchange_strong(before, now)) {
    return;
  }
  const State state{done, total};
  (void)::pwrite(lock_.get(), &state, sizeof state, 0);  // those who wait do without
}

}  // namespace dunnage::image
