// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/stock.hpp"

#include "kernel/clone.hpp"
#include "launcher/program/dev.hpp"
#include "launcher/program/network.hpp"
#include "launcher/program/transfer.hpp"

#include <linux/sched.h>
#include <sys/resource.h>

#include <atomic>
#include <utility>

namespace dunnage::launcher {
namespace {

constexpr unsigned kKeptUnasked = 4;
constexpr unsigned kMostAsking = 16;

/// Belongs to the thread while it is not full, to the launcher while it is.
struct Place {
  Spare spare;
  std::atomic<bool> full{false};
};

Place places[kMostReady];
std::atomic<unsigned> kept{kKeptUnasked};  ///< the places the thread fills; there may be more that are full
std::atomic<int> asking[kMostAsking];      ///< channels of who waits for them, 0: none
int wake = -1;                             ///< an eventfd: something is to be made
bool wanted = true;
alignas(16) uint8_t stack[kStackSize];

/// 0 or errno
int fill(Place& place, int home, const Surroundings& surroundings) noexcept {
  if (place.spare.network < 0) {
    place.spare.network = make_network(home, surroundings.single_id);
  }
  if (make_dev(place.spare, surroundings).error != 0) {
    const int network = place.spare.network;
    place.spare.network = -1;
    close_spare(place.spare);  // the next container tries itself, and says what is wrong
    place.spare.network = network;
  }
  const int network = place.spare.network;
  place.full.store(true, std::memory_order_release);
  return network < 0 ? -network : 0;
}

/// 0 or the errno of the last that could not be made
int fill_all(int home, const Surroundings& surroundings) noexcept {
  int error = 0;
  const unsigned count = kept.load(std::memory_order_acquire);
  for (unsigned index = 0; index < count; ++index) {
    if (!places[index].full.load(std::memory_order_acquire)) {
      const int failed = fill(places[index], home, surroundings);
      error = failed != 0 ? failed : error;
    }
  }
  return error;
}

/// Containers need descriptors, too: what is made ahead, two for each, may take half of them.
bool has_descriptors_for(unsigned count) noexcept {
  rlimit64 limit{};
  return raw_syscall(__NR_prlimit64, 0, RLIMIT_NOFILE, 0, as_argument(&limit)) == 0 && limit.rlim_cur / 4 >= count;
}

void answer(int channel, int error) noexcept {
  Message message;
  message.kind = MessageKind::Answer;
  message.failure.error = error;
  (void)send_message(channel, &message, sizeof message, -1);
  (void)close_descriptor(channel);
}

void run_stock(void* argument) noexcept {
  const Surroundings& surroundings = *static_cast<const Surroundings*>(argument);
  const int home = open_home_network(surroundings.rootless);
  for (;;) {
    uint64_t count = 0;
    (void)read_bytes(wake, &count, sizeof count);
    int channels[kMostAsking];
    for (unsigned index = 0; index < kMostAsking; ++index) {
      channels[index] = asking[index].exchange(0, std::memory_order_acquire);
    }
    const int error = fill_all(home, surroundings);
    for (const int channel : channels) {
      if (channel > 0) {
        answer(channel, error);
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

void keep_ready(const Message& message, Descriptors& descriptors) noexcept {
  if (descriptors.count != 1 || message.number < 0 || message.number > static_cast<int32_t>(kMostReady)) {
    descriptors.close_all();
    return;
  }
  const int channel = descriptors.values[0];
  if (!has_descriptors_for(static_cast<unsigned>(message.number))) {
    answer(channel, EMFILE);
    return;
  }
  kept.store(static_cast<unsigned>(message.number), std::memory_order_release);
  for (Place& place : places) {
    if (place.full.load(std::memory_order_acquire) && place.spare.network < 0) {
      place.full.store(false, std::memory_order_release);  // it could not be made the last time
    }
  }
  for (std::atomic<int>& place : asking) {
    int none = 0;
    if (place.compare_exchange_strong(none, channel, std::memory_order_release)) {
      refill_stock();
      return;
    }
  }
  answer(channel, EAGAIN);
}

}  // namespace dunnage::launcher
