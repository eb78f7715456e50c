// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A belt besides the bounds of each look-up: from then on this thread, and those it starts, can open, make, rename and
/// remove nothing outside of the trees they were given (landlock(7)). What is open stays so. Where the kernel has no
/// Landlock, or not enough of it, nothing is lost but the belt.

#include <stdint.h>

namespace dunnage::launcher {

/// What the first of the trees is given for, and what the others are.
enum class Use { Reading, Writing, Both };

/// \param descriptors of directories and files; O_PATH will do, and others do no harm
void confine_to(const int* descriptors, uint32_t count, Use first, Use others) noexcept;

}  // namespace dunnage::launcher
