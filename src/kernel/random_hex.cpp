// SPDX-License-Identifier: Apache-2.0
#include "kernel/random_hex.hpp"

#include "kernel/call_error.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace dunnage::kernel {

std::string random_hex(std::size_t digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(digits, '0');
  std::array<unsigned char, 64> bytes;
  for (std::size_t done = 0; done < digits;) {
    const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      throw CallError{"getrandom", errno};
    }
    for (ssize_t index = 0; index < got && done < digits; ++index) {
      text[done++] = kDigits[bytes[static_cast<std::size_t>(index)] & 0xfU];
    }
  }
  return text;
}

}  // namespace dunnage::kernel
