// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The one path that leads to what a descriptor holds, wherever it is by now: for the calls that take paths only, or do
/// not take what was opened with O_PATH. No C library, no allocation.

#include <stddef.h>

namespace dunnage::kernel {

/// "/proc/self/fd/N", or "/proc/self/fd/N/name". A name that does not fit is cut off; 255 bytes do.
struct DescriptorPath {
  char text[320];

  explicit DescriptorPath(int fd, const char* name = nullptr) noexcept {
    constexpr char kPrefix[] = "/proc/self/fd/";
    __builtin_memcpy(text, kPrefix, sizeof kPrefix - 1);
    size_t size = sizeof kPrefix - 1;
    char digits[12];
    unsigned count = 0;
    auto value = static_cast<unsigned>(fd);
    do {
      digits[count++] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    while (count > 0) {
      text[size++] = digits[--count];
    }
    if (name != nullptr) {
      text[size++] = '/';
      for (size_t index = 0; name[index] != '\0' && size + 1 < sizeof text; ++index) {
        text[size++] = name[index];
      }
    }
    text[size] = '\0';
  }
};

}  // namespace dunnage::kernel
