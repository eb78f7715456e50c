// SPDX-License-Identifier: Apache-2.0
#include "compose/encoding.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::compose {
namespace {

struct Sign {
  std::size_t size = 0;  ///< 0: it is not UTF-8
  char32_t code = 0;
};

Sign sign_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned first = byte(at);
  if (first < 0x80U) {
    return {1, first};
  }
  const std::size_t size = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
  if (first < 0xC2U || first > 0xF4U || at + size > text.size()) {
    return {};
  }
  char32_t code = first & (0xFFU >> (size + 1));
  for (std::size_t index = at + 1; index < at + size; ++index) {
    if ((byte(index) & 0xC0U) != 0x80U) {
      return {};
    }
    code = (code << 6U) | (byte(index) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kLeast.at(size) || code > 0x10FFFF || surrogate ? Sign{} : Sign{size, code};
}

/// As YAML has it.
bool is_printable(char32_t code) {
  return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code <= 0x7E) || code == 0x85 ||
         (code >= 0xA0 && code != 0xFFFE && code != 0xFFFF);
}

}  // namespace

void check_encoding(const Texts& texts, std::uint32_t file) {
  const std::string& text = texts.text(file);
  for (std::size_t at = 0; at < text.size();) {
    const Sign sign = sign_at(text, at);
    if (sign.size == 0 || !is_printable(sign.code)) {
      texts.refuse({file, static_cast<std::uint32_t>(at), 1}, "",
                   sign.size == 0 ? "the file is not written in UTF-8" : "the file has a control character in it",
                   sign.size == 0 ? "save it as UTF-8" : "write it as an escape between double quotes");
    }
    at += sign.size;
  }
}

}  // namespace dunnage::compose
