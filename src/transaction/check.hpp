// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is wrong with the transactions of a store. One whose source has changed is whole: that is a conflict.

#include <dunnage/store_report.hpp>

#include "volume/layout.hpp"

#include <vector>

namespace dunnage::transaction {

/// Where no transaction has ever been there is nothing to find. Throws: VolumeError.
[[nodiscard]] std::vector<StoreFinding> check_transactions(const volume::Layout& store, const StoreCheck& options);

/// The same, repaired: what was changed in a transaction stays, and so does the record of its source, which nobody can
/// make again. Throws: VolumeError.
[[nodiscard]] std::vector<StoreFinding> repair_transactions(const volume::Layout& store, const StoreRepair& options);

}  // namespace dunnage::transaction
