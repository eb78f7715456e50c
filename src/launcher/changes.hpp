// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the upper directory of an overlay changes of the lower ones, as `docker diff` tells it.

#include "launcher/work.hpp"

#include <functional>
#include <span>
#include <string_view>

namespace dunnage::launcher {

enum class ChangeKind : char { Added = 'A', Changed = 'C', Deleted = 'D' };

/// A directory in which something appears or goes is changed too. Of a tree that was deleted its top is told alone; of
/// one that was replaced, all that is missing in the new one.
using ChangeSink = std::function<void(ChangeKind kind, std::string_view path)>;

/// \param upper, lowers  open directories, O_PATH will do; lowers topmost first, any number
/// \param sink  gets paths below the top, "a/b", a directory before what is in it, otherwise in no order
/// Bounded as every walk (walk.hpp). Throws: as run_work().
[[nodiscard]] WorkOutcome list_changes(const Connection& connection, int upper, std::span<const int> lowers,
                                       const ChangeSink& sink, const Watch& watch);

}  // namespace dunnage::launcher
