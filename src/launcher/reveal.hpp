// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the upper directory of an overlay changes of its one lower directory, entry by entry, seen with the launcher's
/// rights. No link is followed; bounded as every walk (walk.hpp).

#include "launcher/work.hpp"

#include <functional>
#include <string_view>

namespace dunnage::launcher {

/// Gets each record with its path below the top. Valid during the call.
using RevealSink = std::function<void(const RevealRecord& record, std::string_view path)>;

/// \param upper, lower  open directories, O_PATH will do
/// A directory comes before what is in it, otherwise in no order. What is in the upper directory is compared by
/// content. Throws: as run_work().
[[nodiscard]] WorkOutcome reveal_overlay(const Connection& connection, int upper, int lower, const RevealSink& sink,
                                         const Watch& watch);

/// Every entry below a directory. What is mounted in it is left out. Throws: as run_work().
[[nodiscard]] WorkOutcome list_tree(const Connection& connection, int directory, const RevealSink& sink,
                                    const Watch& watch);

}  // namespace dunnage::launcher
