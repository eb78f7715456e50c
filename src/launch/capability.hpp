// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Capabilities by name (capabilities(7)).

#include "launcher/connection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace dunnage::launch {

/// Podman's eleven, the smaller of the engines' defaults.
[[nodiscard]] std::uint64_t default_capabilities() noexcept;

/// One bit each, as in capabilities(7).
struct AskedCapabilities {
  std::uint64_t all = 0;
  std::uint64_t named = 0;  ///< of these, the ones asked for by name: all or nothing
};

/// The default with some added and some dropped; "ALL" is every one. Drops come last, as in Docker, except that
/// `drop ALL, add X` leaves X. Throws: LaunchError(invalid_argument) with the nearest name.
[[nodiscard]] AskedCapabilities capabilities_of(const std::vector<std::string>& add,
                                                const std::vector<std::string>& drop);

/// What the launcher has itself; a container can be given no more.
[[nodiscard]] std::uint64_t capabilities_of(const launcher::Connection& connection) noexcept;

/// Every capability this library knows by name.
[[nodiscard]] std::uint64_t all_capabilities() noexcept;

/// What of it there is. Throws: LaunchError(not_supported) if one was asked for by name and is not there.
[[nodiscard]] std::uint64_t grant(const AskedCapabilities& asked, std::uint64_t available);

/// "SYS_ADMIN, SYS_RESOURCE"
[[nodiscard]] std::string names_of(std::uint64_t capabilities);

/// Why a capability is not there, and what to do, as parts of a sentence.
[[nodiscard]] std::string cause_of_absence(std::uint64_t capabilities);
[[nodiscard]] std::string remedy_of_absence();

}  // namespace dunnage::launch
