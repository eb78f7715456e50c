// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Who has something of a mount open, from the pidfds the launcher tells.

#include <dunnage/live_mounts.hpp>

#include "kernel/file_descriptor.hpp"

#include <span>
#include <string>
#include <vector>

namespace dunnage::launch {

/// Sorted by pid, without those that have ended meanwhile.
[[nodiscard]] std::vector<MountHolder> holders_of(std::span<const kernel::FileDescriptor> processes);
/// `postgres (pid 7), sh (pid 9)`; of many the first ones.
[[nodiscard]] std::string words_of(const std::vector<MountHolder>& holders);

}  // namespace dunnage::launch
