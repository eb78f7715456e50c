// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What both sides have changed.

#include "transaction/baseline.hpp"
#include "transaction/view.hpp"

#include <set>

namespace dunnage::transaction {

/// Sorted by path. \param changes  of `view`, some or all
/// \param begun  paths an apply that was ended had begun to take over; of them it is forgiven that their status has
/// changed, which may be its own doing, but not that their content has
[[nodiscard]] std::vector<TransactionConflict> conflicts_of(const std::vector<TransactionChange>& changes,
                                                            const View& view, const Baseline& baseline,
                                                            const std::set<std::string>& begun);

}  // namespace dunnage::transaction
