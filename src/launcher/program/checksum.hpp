// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The checksum of what the launcher writes for the host to read: the CRC-32 of volume/metadata.hpp, in a program
/// without the library that has one.

#include <stddef.h>
#include <stdint.h>

namespace dunnage::launcher {

/// Of what is added, one after the other.
class Checksum {
 public:
  void add(const void* data, size_t size) noexcept {
    constexpr uint32_t kPolynomial = 0xedb88320U;
    for (size_t index = 0; index < size; ++index) {
      sum_ ^= static_cast<const unsigned char*>(data)[index];
      for (unsigned bit = 0; bit < 8; ++bit) {
        sum_ = sum_ >> 1U ^ ((sum_ & 1U) != 0 ? kPolynomial : 0U);
      }
    }
  }
  /// Eight hex digits, and a zero.
  void write(char (&digits)[9]) const noexcept {
    for (unsigned digit = 0; digit < 8; ++digit) {
      digits[digit] = "0123456789abcdef"[~sum_ >> (4 * (7 - digit)) & 15U];
    }
    digits[8] = '\0';
  }

 private:
  uint32_t sum_ = ~uint32_t{0};
};

}  // namespace dunnage::launcher
