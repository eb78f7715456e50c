// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <system_error>

namespace dunnage::kernel {

/// From the root; as it is where it is empty, or the current directory has been removed: whoever uses it says so then.
[[nodiscard]] inline std::filesystem::path absolute_path(const std::filesystem::path& path) {
  std::error_code lost;
  std::filesystem::path full = std::filesystem::absolute(path, lost);
  return lost ? path : full;
}

}  // namespace dunnage::kernel
