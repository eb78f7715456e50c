// SPDX-License-Identifier: Apache-2.0
#include "error/caret.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::error {

std::string caret_lines(std::string_view line, std::size_t column, std::size_t length) {
  constexpr std::size_t kWindow = 160;
  const std::size_t begin = column > kWindow / 2 ? column - kWindow / 2 : 0;
  const std::string_view window = line.substr(std::min(begin, line.size()), kWindow);
  std::string shown;
  for (const char character : window) {  // one column per byte, so that the caret stands below its part
    const auto byte = static_cast<unsigned char>(character);
    shown += byte < 0x20 || byte == 0x7f ? '?' : character;
  }
  const std::size_t caret = column - begin;
  const std::size_t end = std::min(caret + std::max<std::size_t>(length, 1), std::max(shown.size(), caret + 1));
  return fmt::format("\n  {}\n  {}^{}", shown, std::string(caret, ' '), std::string(end - caret - 1, '~'));
}

}  // namespace dunnage::error
