// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// CRC-32 as zip and Ethernet have it, eight bytes at a time: a listing checks every record of a store.

#include <cstdint>
#include <string_view>

namespace dunnage::volume {

[[nodiscard]] std::uint32_t checksum(std::string_view bytes) noexcept;

}  // namespace dunnage::volume
