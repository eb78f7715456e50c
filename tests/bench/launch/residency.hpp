// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The memory containers that live take of this library: in the host's process, and in the launcher's.

#include "bench/launch/stage.hpp"

namespace dunnage::bench {

/// Kibibytes that are resident, with one container and with so many more.
struct Residency {
  unsigned containers = 0;  ///< 0: not measured
  double host_before = 0;
  double host_after = 0;
  double launcher_before = 0;
  double launcher_after = 0;

  [[nodiscard]] double library_kib() const { return (host_after - host_before) / containers; }
  [[nodiscard]] double launcher_kib() const { return (launcher_after - launcher_before) / containers; }
};

/// In a process of its own. To be called before there are threads.
[[nodiscard]] Residency measure_residency(const Stage& stage, unsigned containers);

}  // namespace dunnage::bench
