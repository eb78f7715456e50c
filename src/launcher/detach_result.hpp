// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The answer to a request for a detached mount.

#include "launcher/protocol.hpp"

namespace dunnage::launcher {

/// What became of a request: a descriptor, or the step that failed and its errno.
struct DetachResult {
  int fd = -1;
  uint64_t id = 0;      ///< of the mount, as statx(2) has it; 0: nobody has looked
  uint64_t device = 0;  ///< of its file system, as stat(2) has it; 0: nobody has looked
  Failure failure{};
};

inline DetachResult detach_failure(Step step, int error) noexcept {
  DetachResult result;
  result.failure.step = step;
  result.failure.error = error;
  return result;
}

inline Failure failure_of(Step step, long answer) noexcept {
  Failure failure;
  failure.step = step;
  failure.error = static_cast<int32_t>(-answer);
  return failure;
}

}  // namespace dunnage::launcher
