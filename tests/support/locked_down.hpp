// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Work done where nothing can be changed: under a filter of the kernel's that kills the process at every call that
/// changes a file system, and rules that let nothing be opened for writing (openat2(2) keeps its flags out of a
/// filter's sight).

#include "support/apart.hpp"

#include <functional>
#include <string>

namespace dunnage::test {

/// Runs `work` in a forked copy of this process where it cannot change anything; its end, and what it wrote to standard
/// output. \param work is told whether the kernel also keeps openat2 from writing
[[nodiscard]] DoneApart locked_down(const std::function<int(bool locked)>& work);

/// Writes to standard output, the only place. \return 0, or what to end with
[[nodiscard]] int write_out(const std::string& text);

}  // namespace dunnage::test
