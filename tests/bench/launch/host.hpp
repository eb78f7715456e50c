// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Processes that are heavier than a benchmark: what a real host is. Each changes the calling process only.

#include "bench/launch/timed.hpp"

#include <filesystem>

namespace dunnage::bench {

/// A mount namespace of its own, from which nothing travels to the machine's.
void make_mounts_private();

/// 8, 4 or 2: the GiB that can be touched without harm to this machine.
[[nodiscard]] unsigned affordable_memory();
void touch_memory(unsigned mebibytes);
void add_mounts(unsigned count);
/// Not close-on-exec, as careless hosts have them.
void open_descriptors(unsigned count);

/// The first launch of a program that has just been started, which has to start a launcher first: from its call to
/// the end of the container.
[[nodiscard]] Launch first_launch(const std::filesystem::path& root);

}  // namespace dunnage::bench
