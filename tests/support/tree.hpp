// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A tree of files as text, so that two can be compared and a difference explains itself.

#include <filesystem>
#include <string>

namespace dunnage::test {

/// A line for each entry, the top included, sorted: path, kind, mode, owner, size, modification, device, target,
/// content, attributes, and with which others it is one file. Holes count as zeros. Access times are left out.
[[nodiscard]] std::string tree_of(const std::filesystem::path& top);

}  // namespace dunnage::test
