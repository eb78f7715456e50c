// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which changes are applied: those a filter chooses, and those they cannot be without.

#include "transaction/view.hpp"

namespace dunnage::transaction {

struct Selection {
  std::vector<TransactionChange> changes;  ///< sorted by path
  std::vector<std::string> came_along;     ///< of these, the paths of those the filter did not choose
};

/// \param changes  all that `view` has, sorted by path
[[nodiscard]] Selection select_changes(const std::vector<TransactionChange>& changes, const View& view,
                                       const TransactionFilter& filter);

}  // namespace dunnage::transaction
