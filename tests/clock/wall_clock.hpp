// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The wall clock as this process and the C++ library in it are told it. Setting the machine's would take it away from
/// all others. What asks the kernel itself, as the launcher does, sees the machine's.

#include <cstdint>

namespace dunnage::test {

/// From now on it begins at this second of the epoch and goes on from there; `back` seconds are taken off at each
/// reading.
void set_wall_clock(std::int64_t second, std::int64_t back = 0) noexcept;
/// How often it was read since it was set.
[[nodiscard]] std::uint64_t wall_clock_readings() noexcept;

}  // namespace dunnage::test
