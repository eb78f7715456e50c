// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Directories of the machine itself, whose owners and labels nobody changes for a container. Podman's list.

#include <filesystem>

namespace dunnage::plan {

/// \param path absolute, without links
[[nodiscard]] bool is_known_directory(const std::filesystem::path& path);

}  // namespace dunnage::plan
