// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Where a program of this machine is.

#include <filesystem>
#include <optional>
#include <string_view>

namespace dunnage::test {

/// Looks in PATH, the sbin directories, and where distributions put PostgreSQL's server programs.
[[nodiscard]] std::optional<std::filesystem::path> find_program(std::string_view name);

}  // namespace dunnage::test
