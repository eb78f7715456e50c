// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Numbers of signals.

namespace dunnage::container {

/// False for 0, which only asks whether a process exists, and for what is beyond the last real-time signal.
[[nodiscard]] constexpr bool is_signal(int number) noexcept {
  constexpr int kLastSignal = 64;
  return number >= 1 && number <= kLastSignal;
}

}  // namespace dunnage::container
