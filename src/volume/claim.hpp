// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a user of a volume claims of it. Claims are locks of bytes of the volume's `lock`, on the one description that
/// the launcher holds as long as the container lives, so that the kernel drops them however that ends:
///
///                   byte 0 (it is kept)   byte 1 (readers)   byte 2 (writers)
///     Presence      shared
///     Read          shared                shared
///     Write         shared                shared             shared, and all behind it
///     WriteAlone    shared                shared             exclusive
///     Alone         shared                exclusive
///
/// Who removes a volume, or changes what nobody may use meanwhile, locks all of the file exclusively.

#include <dunnage/volume.hpp>

#include <optional>
#include <string_view>

namespace dunnage::volume {

enum class Claim { Presence, Read, Write, WriteAlone, Alone };

/// Of a mount with that access mode.
[[nodiscard]] Claim claim_of(AccessMode mode, bool read_only) noexcept;
/// The weakest that allows what both do.
[[nodiscard]] Claim both_of(Claim one, Claim other) noexcept;
/// Whether those two cannot be held by different containers.
[[nodiscard]] bool exclude_each_other(Claim one, Claim other) noexcept;

/// Never waits. \param lock  of the volume, on which nothing is locked
/// \return false if somebody else holds what excludes it; nothing is locked then. Throws: CallError.
[[nodiscard]] bool try_claim(int lock, Claim claim);

/// "presence", "read", "write", "write-alone", "alone"
[[nodiscard]] std::string_view to_string(Claim claim) noexcept;
/// Nothing for another word.
[[nodiscard]] std::optional<Claim> claim_named(std::string_view word) noexcept;

}  // namespace dunnage::volume
