// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Taking changes over into the source.

#include "transaction/place.hpp"

#include <dunnage/transaction.hpp>

namespace dunnage::transaction {

/// The lock is held by this process. \param lock  of it
/// Throws: VolumeError, CallError.
[[nodiscard]] TransactionApplied apply_changes(const volume::Deed& deed, const Place& place, int source, int lock,
                                               const TransactionApplyOptions& options);

}  // namespace dunnage::transaction
