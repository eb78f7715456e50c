// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Reading a tree with the launcher's rights, for an archive of it. No link is followed; what is mounted in it belongs
/// to it, the kernel's own file systems do not.

#include "kernel/file_descriptor.hpp"
#include "launcher/look.hpp"
#include "launcher/work.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::launcher {

struct PackedAttribute {
  std::string_view name;  ///< ends with a NUL
  std::string_view value;
};

/// Valid during the call that brings it.
struct PackedEntry {
  PackRecord record{};
  std::string path{};    ///< below the top; empty for the top
  std::string target{};  ///< of a symbolic link
  std::vector<PackedAttribute> attributes{};
  int file = -1;  ///< of a regular file: open for reading; owned by whoever calls
};

struct TreePack {
  int root = -1;  ///< O_PATH will do
  std::string path{};
  Follow follow = Follow::No;
  std::uint64_t most_entries = std::uint64_t{1} << 24U;
  std::vector<int> locks{};  ///< as in copy_tree.hpp
};

/// A directory comes before what is in it. What `sink` throws ends the work, and comes out of here.
/// Throws: as run_work().
[[nodiscard]] WorkOutcome pack_tree(const Connection& connection, const TreePack& pack,
                                    const std::function<void(const PackedEntry&)>& sink, const Watch& watch);

}  // namespace dunnage::launcher
