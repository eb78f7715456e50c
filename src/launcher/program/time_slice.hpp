// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How long the scheduler lets a thread run at a stretch (sched_setattr(2), Linux 6.12; before, it has no effect).

#include "launcher/program/system.hpp"

namespace dunnage::launcher {

/// struct sched_attr, which the C library and linux/sched/types.h cannot both be included for.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = 0;  ///< SCHED_OTHER
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0;
  uint64_t deadline = 0;
  uint64_t period = 0;
};

/// Asks for short stretches, for this thread and for none of its children: who does is let in sooner where every
/// processor is busy, and gets no more time in all. The launcher never has much to do at a time.
inline long shorten_time_slice() noexcept {
  constexpr uint64_t kResetOnFork = 1;
  SchedulingAttributes attributes;
  attributes.flags = kResetOnFork;
  attributes.runtime = 400'000;  // nanoseconds: enough for a request, and less than anybody has unasked
  return raw_syscall(__NR_sched_setattr, 0, as_argument(&attributes), 0);
}

}  // namespace dunnage::launcher
