// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A mount whose changes go elsewhere.

#include <cstdint>
#include <filesystem>

namespace dunnage {

/// Changes go to `upper` and the source stays as it is. Both directories or none: with none, changes are kept in memory
/// and go with the container (Podman's `O`); a restart policy's restarts find them. Mounts below the source are not
/// shown. Kernel: Linux 6.13.
struct OverlayOptions {
  std::filesystem::path upper{};  ///< absolute; holds the changes, and is held by one container at a time
  std::filesystem::path work{};   ///< absolute; an empty directory on the same file system
  std::uint64_t size = std::uint64_t{64} << 20U;  ///< bytes of changes that are kept in memory

  friend bool operator==(const OverlayOptions&, const OverlayOptions&) = default;
};

}  // namespace dunnage
