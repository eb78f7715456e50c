// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is measured: launches one after the other, each from the call to the end of its program.

#include <chrono>
#include <functional>
#include <utility>

namespace dunnage::bench {

using Milliseconds = std::chrono::duration<double, std::milli>;

/// Launches so many; returns how long all of them took.
using Launch = std::function<Milliseconds(unsigned count)>;

/// From what launches one.
template <typename Once>
Launch timed(Once once) {
  return [once = std::move(once)](unsigned count) mutable {
    const auto begin = std::chrono::steady_clock::now();
    for (unsigned index = 0; index < count; ++index) {
      once();
    }
    return Milliseconds{std::chrono::steady_clock::now() - begin};
  };
}

}  // namespace dunnage::bench
