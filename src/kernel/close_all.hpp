// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Closing many descriptors.

#include "kernel/file_descriptor.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

namespace dunnage::kernel {

/// Empties `descriptors`. Those whose numbers follow each other are closed by one call: they are all in there, so
/// nobody else has one of these numbers.
inline void close_all(std::vector<FileDescriptor>& descriptors) noexcept {
  for (std::size_t begin = 0; begin < descriptors.size();) {
    const int first = descriptors[begin].get();
    std::size_t end = begin + 1;
    while (first >= 0 && end < descriptors.size() && descriptors[end].get() == first + static_cast<int>(end - begin)) {
      ++end;
    }
    const int last = first + static_cast<int>(end - begin) - 1;
    const bool closed = first >= 0 && ::syscall(SYS_close_range, first, last, 0) == 0;
    for (; closed && begin < end; ++begin) {
      (void)descriptors[begin].release();
    }
    begin = end;
  }
  descriptors.clear();
}

}  // namespace dunnage::kernel
