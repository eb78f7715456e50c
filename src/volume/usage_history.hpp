// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// When a volume was used last.
///
///     volumes/NAME/lock       is written when somebody begins to use the volume, and by the launcher when it ends: its
///                             time is that of the last use
///     volumes/NAME/last-user  the record of who ended last, as whoever swept it found it

#include <dunnage/volume_care.hpp>

#include <chrono>
#include <optional>

namespace dunnage::volume {

/// Nothing if nobody ever used the volume that is open as `directory`. Throws: CallError.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> last_use(int directory);

/// Takes stale records away, but for the last. Throws: CallError.
[[nodiscard]] UsageHistory usage_history(int directory);

}  // namespace dunnage::volume
