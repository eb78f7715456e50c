// SPDX-License-Identifier: Apache-2.0
// Takes the place of clock_gettime(3) of the C library, for all of this process: a program's own symbols are found
// first.
#include "clock/wall_clock.hpp"

#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

namespace {

std::atomic<std::int64_t> offset{0};
std::atomic<std::int64_t> back_at_each{0};
std::atomic<std::uint64_t> readings{0};

int real(clockid_t clock, timespec* time) { return static_cast<int>(::syscall(SYS_clock_gettime, clock, time)); }

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) {
  const int result = real(clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    ++readings;
    time->tv_sec += offset -= back_at_each;
  }
  return result;
}

extern "C" time_t time(time_t* where) {
  timespec now{};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  if (where != nullptr) *where = now.tv_sec;
  return now.tv_sec;
}

extern "C" int gettimeofday(timeval* time, void* /*zone*/) {
  timespec now{};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  *time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

namespace dunnage::test {

void set_wall_clock(std::int64_t second, std::int64_t back) noexcept {
  timespec now{};
  (void)real(CLOCK_REALTIME, &now);
  offset = second - now.tv_sec;
  back_at_each = back;
  readings = 0;
}

std::uint64_t wall_clock_readings() noexcept { return readings; }

}  // namespace dunnage::test
