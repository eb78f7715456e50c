// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Launches by this library.

#include "bench/launch/timed.hpp"

#include <dunnage/container.hpp>

#include <functional>

namespace dunnage::bench {

/// A specification is used up by its launch.
using Specify = std::function<LaunchSpec()>;

/// Launches, waits for the end, and expects success.
[[nodiscard]] std::function<Launch()> our_launch(Specify specify);

}  // namespace dunnage::bench
