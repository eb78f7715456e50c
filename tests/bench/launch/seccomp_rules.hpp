// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A seccomp filter as a floor has it: 148 system calls are allowed, found by a binary search; the others fail.

#include <linux/filter.h>

#include <vector>

namespace dunnage::bench {

[[nodiscard]] std::vector<sock_filter> make_seccomp_rules();

}  // namespace dunnage::bench
