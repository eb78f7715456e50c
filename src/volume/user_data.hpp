// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Where programs of this user keep what they keep.

#include <filesystem>

namespace dunnage::volume {

/// `$XDG_DATA_HOME`, else `~/.local/share`; empty for a user without a home directory. What the caller of a set-user-ID
/// program wrote into its environment does not count.
[[nodiscard]] std::filesystem::path user_data();

}  // namespace dunnage::volume
