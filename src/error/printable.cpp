// SPDX-License-Identifier: Apache-2.0
#include "error/printable.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::error {

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += character;
    }
  }
  return result;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t kMost = 100;
  return printable(text.substr(0, kMost));
}

}  // namespace dunnage::error
