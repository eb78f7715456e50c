// SPDX-License-Identifier: Apache-2.0
#include "support/read_to_end.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace dunnage::test {

std::string read_to_end(int fd) {
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace dunnage::test
