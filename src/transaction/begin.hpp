// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Beginning a transaction, and ending it without its changes.

#include "transaction/place.hpp"

#include <filesystem>
#include <string>

namespace dunnage::transaction {

/// Throws: VolumeError, CallError.
void begin_transaction(const volume::Layout& layout, const volume::Deed& deed, const std::filesystem::path& source,
                       const Watch& watch);

/// Throws: VolumeError(transaction_missing, transaction_in_use), CallError.
void discard_transaction(const volume::Layout& layout, const volume::Deed& deed);

}  // namespace dunnage::transaction
