// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The operator new of this program, which fails when it is told to.

#include <cstddef>

namespace dunnage::test {

constexpr std::size_t kNever = static_cast<std::size_t>(-1);

/// The allocation after so many others throws std::bad_alloc, in whatever thread, and with `persists` all that follow.
/// \return how many were made since the last call
std::size_t fail_allocation(std::size_t after, bool persists = false) noexcept;

}  // namespace dunnage::test
