// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Capabilities by name (capabilities(7)).

#include <cstdint>
#include <string>
#include <vector>

namespace dunnage::launch {

/// Podman's eleven, the smaller of the engines' defaults.
[[nodiscard]] std::uint64_t default_capabilities() noexcept;

/// The default with some added and some dropped; "ALL" is every one. Drops come last, as in Docker, except that
/// `drop ALL, add X` leaves X. Throws: LaunchError(invalid_argument) with the nearest name.
[[nodiscard]] std::uint64_t capabilities_of(const std::vector<std::string>& add, const std::vector<std::string>& drop);

}  // namespace dunnage::launch
