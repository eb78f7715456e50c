// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// From what the upper directory has and hides to what that changes.

#include "transaction/view.hpp"

namespace dunnage::transaction {

/// Sorted by path.
[[nodiscard]] std::vector<TransactionChange> changes_in(const View& view);

}  // namespace dunnage::transaction
