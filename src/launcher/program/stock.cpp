// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/stock.hpp"

#include "kernel/clone.hpp"
#include "launcher/program/dev.hpp"
#include "launcher/program/network.hpp"

#include <linux/sched.h>

#include <atomic>
#include <utility>

namespace dunnage::launcher {
namespace {

constexpr unsigned kKept = 4;

/// Belongs to the thread while it is not full, to the launcher while it is.
struct Place {
  Spare spare;
  std::atomic<bool> full{false};
};

Place places[kKept];
int wake = -1;  ///< an eventfd: something is to be made
bool wanted = true;
alignas(16) uint8_t stack[kStackSize];

void fill(Place& place, int home, const Surroundings& surroundings) noexcept {
  if (place.spare.network < 0) {
    place.spare.network = make_network(home, surroundings.single_id);
  }
  if (make_dev(place.spare, surroundings).error != 0) {
    const int network = place.spare.network;
    place.spare.network = -1;
    close_spare(place.spare);  // the next container tries itself, and says what is wrong
    place.spare.network = network;
  }
  place.full.store(true, std::memory_order_release);
}

void run_stock(void* argument) noexcept {
  const Surroundings& surroundings = *static_cast<const Surroundings*>(argument);
  const int home = open_home_network(surroundings.rootless);
  for (;;) {
    uint64_t count = 0;
    (void)read_bytes(wake, &count, sizeof count);
    for (Place& place : places) {
      if (!place.full.load(std::memory_order_acquire)) {
        fill(place, home, surroundings);
      }
    }
  }
}

}  // namespace

int start_stock(const Surroundings& surroundings) noexcept {
  wake = static_cast<int>(raw_syscall(__NR_eventfd2, 0, O_CLOEXEC));
  if (wake < 0) {
    return wake;
  }
  clone_args arguments{};
  // descriptors are shared, so that what is made can be handed over; the umask is not
  arguments.flags = CLONE_VM | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  arguments.stack = reinterpret_cast<uint64_t>(stack);
  arguments.stack_size = sizeof stack;
  const long result = kernel::clone_onto_stack(&arguments, run_stock, const_cast<Surroundings*>(&surroundings));
  return result < 0 ? static_cast<int>(result) : 0;
}

Spare take_spare(bool network) noexcept {
  Spare spare;
  for (Place& place : places) {
    if (place.full.load(std::memory_order_acquire)) {
      spare = place.spare;
      place.spare = Spare{};
      if (!network) {
        std::swap(place.spare.network, spare.network);
      }
      place.full.store(false, std::memory_order_release);
      wanted = true;
      break;
    }
  }
  return spare;
}

bool is_stock_wanted() noexcept { return wanted; }

bool is_stock_empty() noexcept {
  for (const Place& place : places) {
    if (place.full.load(std::memory_order_relaxed)) {
      return false;
    }
  }
  return true;
}

void refill_stock() noexcept {
  wanted = false;
  const uint64_t one = 1;
  (void)write_bytes(wake, &one, sizeof one);
}

}  // namespace dunnage::launcher
