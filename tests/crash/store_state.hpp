// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is in a store, as text, so that two states can be compared and a difference explains itself.

#include <filesystem>
#include <string>
#include <string_view>

namespace dunnage::test {

/// Opens the store, which sweeps it, and says all that its users can see: volumes, images and containers with their
/// content, what is damaged, and what work that has ended left behind. Names nobody chose are left out: an anonymous
/// volume is one.
[[nodiscard]] std::string state_of(const std::filesystem::path& root);

/// A state without what it says under headings that begin so.
[[nodiscard]] std::string without_parts(const std::string& state, std::string_view heading);
/// A state without the layers that are unpacked, which can be made again.
[[nodiscard]] std::string without_trees(const std::string& state);

/// Paths, modes, links and contents below a directory, sorted.
[[nodiscard]] std::string content_of(const std::filesystem::path& directory);

}  // namespace dunnage::test
