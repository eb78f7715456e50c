// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A container's log: entries one after the other, each a header and its bytes. `log` is the current file, `log.1` the
/// one before it. An entry that was cut off by a crash is the last one of its file.

#include <stdint.h>

namespace dunnage::launcher {

inline constexpr uint64_t kMostLogBytes = 32U << 20U;  ///< of one file; with log.1 a log holds at most twice that

struct LogHeader {
  uint32_t size = 0;    ///< bytes that follow
  uint32_t stream = 0;  ///< 0: standard output, 1: standard error
  int64_t time = 0;     ///< nanoseconds since the epoch
};

}  // namespace dunnage::launcher
