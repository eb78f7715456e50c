// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What writing and reading metadata share: see metadata.hpp.

#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::volume {

inline constexpr int kVersion =
    2;  ///< of a volume with a limit, which a library that knows no limits must not mount; else 1
inline constexpr std::string_view kProtected = "protected";
inline constexpr std::string_view kAccess = "access";
inline constexpr std::string_view kLimit = "limit";
inline constexpr std::string_view kHead = "{\"checksum\":\"";
inline constexpr std::string_view kTail = "\",\n";
inline constexpr std::size_t kDigits = 8;
inline constexpr std::size_t kFirstLine = kHead.size() + kDigits + kTail.size();

/// Eight hex digits of the CRC-32 of all behind the first line.
[[nodiscard]] std::string checksum(std::string_view body);

}  // namespace dunnage::volume
