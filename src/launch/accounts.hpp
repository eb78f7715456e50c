// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Reading passwd(5) and group(5) of a root file system that may be hostile.

#include "launch/user.hpp"

#include <string>

namespace dunnage::launch {

/// Below `root`: no link leads out of it, and nothing but regular files is read, of at most 4 MiB.
/// Throws: LaunchError if one is larger or cannot be read to its end.
[[nodiscard]] Accounts read_accounts_in(int root);

/// Those a running process sees. \param process pidfd \param subject the container, for messages
/// Throws: LaunchError.
[[nodiscard]] Accounts read_accounts_of(int process, const std::string& subject);

}  // namespace dunnage::launch
