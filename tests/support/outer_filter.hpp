// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A filter of system calls on this process and all it starts, as a container engine or a service manager puts around a
/// program. It stays for the life of the process.

#include <linux/filter.h>

#include <vector>

namespace dunnage::test {

/// Has these calls fail. \param calls  their numbers (SYS_openat2)
void deny_calls(const std::vector<int>& calls, int error);

/// \param program  as seccomp(2) takes it
void load_outer_filter(std::vector<sock_filter> program);

}  // namespace dunnage::test
