// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is mounted below a directory, which an overlay of it does not show.

#include <string>
#include <string_view>
#include <vector>

namespace dunnage::transaction {

/// Paths below `directory`, sorted, as this process sees its mounts. Throws: kernel::CallError.
[[nodiscard]] std::vector<std::string> nested_mounts(std::string_view directory);

}  // namespace dunnage::transaction
