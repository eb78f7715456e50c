// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What an apply that was killed leaves in the source.

#include "transaction/place.hpp"

namespace dunnage::transaction {

/// Deletes the directory in which it made what is new; one call if there is none. \param lock  of the transaction, held
/// Throws: VolumeError, CallError.
void clear_source(const volume::Deed& deed, const Place& place, int source, int lock);

}  // namespace dunnage::transaction
