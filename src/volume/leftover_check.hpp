// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What killed processes left in a store.

#include "volume/findings.hpp"
#include "volume/layout.hpp"

#include <chrono>
#include <filesystem>

namespace dunnage::volume {

/// What is in a directory of work in progress, and no living process holds. \param path  of it; \param grace  as in
/// StoreCheck. Throws: CallError.
[[nodiscard]] StoreFaults leftovers_in_staging(const Layout& layout, int staging, const std::filesystem::path& path,
                                               std::chrono::milliseconds grace);

/// What was removed and has not been deleted for that long. Throws: CallError.
[[nodiscard]] StoreFaults leftovers_in_trash(const Layout& layout, int trash, std::chrono::milliseconds grace);

/// What was kept after it had been removed, and is over its time by so much; and what nobody knows. Throws: CallError.
[[nodiscard]] StoreFaults leftovers_in_retained(const Layout& layout, int retained, std::chrono::milliseconds grace);

}  // namespace dunnage::volume
