// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Sizes are plain bytes in a `std::uint64_t`; these literals make them readable.
///
///     using namespace dunnage::literals;
///     dunnage::Tmpfs{"/run", {.size = 64_MiB}};

#include <cstdint>

namespace dunnage {
inline namespace literals {

[[nodiscard]] constexpr std::uint64_t operator""_KiB(unsigned long long count) noexcept { return count << 10U; }
[[nodiscard]] constexpr std::uint64_t operator""_MiB(unsigned long long count) noexcept { return count << 20U; }
[[nodiscard]] constexpr std::uint64_t operator""_GiB(unsigned long long count) noexcept { return count << 30U; }

}  // namespace literals
}  // namespace dunnage
