// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Verdicts as a program for the kernel: a binary search over numbers of system calls, in which equal parts are there
/// once. The kernel checks and translates it at each launch, so it has to be short.

#include "seccomp/rules.hpp"

#include <linux/filter.h>

#include <vector>

namespace dunnage::seccomp {

/// Calls of an architecture that is not among them end the process.
/// Throws: ProfileFault if it is longer than the kernel takes.
[[nodiscard]] std::vector<sock_filter> program_of(const std::vector<Calls>& all);

}  // namespace dunnage::seccomp
