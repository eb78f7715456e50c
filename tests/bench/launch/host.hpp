// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Processes that are heavier than a benchmark: what a real host is. Each changes the calling process only.

#include "bench/launch/worker.hpp"

namespace dunnage::bench {

/// A mount namespace of its own, from which nothing travels to the machine's.
void make_mounts_private();

/// 8, 4 or 2: the GiB that can be touched without harm to this machine.
[[nodiscard]] unsigned affordable_memory();
void touch_memory(unsigned gibibytes);
void add_mounts(unsigned count);
/// Not close-on-exec, as careless hosts have them.
void open_descriptors(unsigned count);

/// Every launch in a new copy of this process, which has to start a launcher first.
[[nodiscard]] Launch first_launch(Launch launch);

}  // namespace dunnage::bench
