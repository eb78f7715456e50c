// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What differs between two trees, seen with the launcher's rights: by content, not by times, unless asked otherwise.
/// No link is followed, and what is mounted in a tree is left out. Bounded as every walk (walk.hpp).

#include "launcher/work.hpp"

#include <cstdint>
#include <functional>
#include <string_view>

namespace dunnage::launcher {

/// Gets each record with its path below the top. Valid during the call.
using CompareSink = std::function<void(const CompareRecord& record, std::string_view path)>;

/// \param before, after  open directories, O_PATH will do
/// \param trust_times  files of one size and one time of modification are taken for the same, and not read
/// Throws: as run_work().
[[nodiscard]] WorkOutcome compare_trees(const Connection& connection, int before, int after, bool trust_times,
                                        const CompareSink& sink, const Watch& watch);

/// Counts the entries of a tree, and the bytes on the disk that hold the content of its files. Throws: as run_work().
[[nodiscard]] WorkOutcome count_tree(const Connection& connection, int tree, const Watch& watch);

}  // namespace dunnage::launcher
