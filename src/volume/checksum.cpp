// SPDX-License-Identifier: Apache-2.0
#include "volume/checksum.hpp"

#include <array>
#include <cstddef>

namespace dunnage::volume {
namespace {

constexpr std::size_t kStep = 8;
using Table = std::array<std::uint32_t, 256>;

/// tables[n][b] is what byte b, followed by n zero bytes, does to a remainder of zero.
constexpr std::array<Table, kStep> make_tables() {
  constexpr std::uint32_t kPolynomial = 0xedb88320U;
  std::array<Table, kStep> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1U) ^ ((remainder & 1U) != 0 ? kPolynomial : 0U);
    }
    tables[0][byte] = remainder;
  }
  for (std::size_t zeros = 1; zeros < kStep; ++zeros) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[zeros - 1][byte];
      tables[zeros][byte] = (before >> 8U) ^ tables[0][before & 0xffU];
    }
  }
  return tables;
}

constexpr std::array<Table, kStep> kTables = make_tables();

std::uint32_t byte_at(std::string_view bytes, std::size_t index) noexcept {
  return static_cast<unsigned char>(bytes[index]);
}

}  // namespace

std::uint32_t checksum(std::string_view bytes) noexcept {
  std::uint32_t remainder = 0xffffffffU;
  for (; bytes.size() >= kStep; bytes.remove_prefix(kStep)) {
    const std::uint32_t low =
        remainder ^ (byte_at(bytes, 0) | byte_at(bytes, 1) << 8U | byte_at(bytes, 2) << 16U | byte_at(bytes, 3) << 24U);
    remainder = kTables[7][low & 0xffU] ^ kTables[6][(low >> 8U) & 0xffU] ^ kTables[5][(low >> 16U) & 0xffU] ^
                kTables[4][low >> 24U] ^ kTables[3][byte_at(bytes, 4)] ^ kTables[2][byte_at(bytes, 5)] ^
                kTables[1][byte_at(bytes, 6)] ^ kTables[0][byte_at(bytes, 7)];
  }
  for (const char byte : bytes) {
    remainder = (remainder >> 8U) ^ kTables[0][(remainder ^ static_cast<unsigned char>(byte)) & 0xffU];
  }
  return ~remainder;
}

}  // namespace dunnage::volume
