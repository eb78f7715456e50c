// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Giving back what no image needs: blobs, and layers that were unpacked.

#include "image/index.hpp"
#include "image/layout.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace dunnage::image {

/// What was moved to the trash.
struct Collected {
  std::vector<std::string> trashed{};  ///< names there
  std::uint64_t bytes = 0;             ///< of blobs
};

/// Moves to the trash all that no image of the index needs, and nobody uses at this moment. While an image is damaged
/// so that nobody can tell what it needs, everything stays. \param change  held by the caller, its index committed, so
/// that nothing new comes meanwhile Throws: CallError; what it had moved by then stays in the trash.
[[nodiscard]] Collected collect(const Layout& layout, IndexChange& change);
/// The same for layers that are unpacked alone, which can be made again: before the index says that nobody needs them.
[[nodiscard]] Collected collect_trees_alone(const Layout& layout, IndexChange& change);

/// Deletes it from there, with the launcher's help where other ids own it. What cannot be deleted is tried again later.
void delete_collected(const Layout& layout, const Collected& collected);

}  // namespace dunnage::image
