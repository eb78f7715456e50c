// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How each system call may fail on a machine that is short of something.

#include <string>
#include <vector>

namespace dunnage::test {

/// The errnos with which a call fails where space, descriptors, memory or the disk are gone, or a signal comes; none
/// for one that cannot fail so.
[[nodiscard]] std::vector<int> errors_of_call(long call);
/// "openat2"; the number for one that no test knows.
[[nodiscard]] std::string name_of_call(long call);

}  // namespace dunnage::test
