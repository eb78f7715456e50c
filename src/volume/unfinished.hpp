// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What killed processes were making in a store.

#include "volume/layout.hpp"

namespace dunnage::volume {

/// Goes on with what can be finished, see rollback.hpp and limit_move.hpp, and moves the rest to the trash.
/// \param staging, trash  directories of the store, readable. Throws: CallError.
void sweep_unfinished(const Layout& layout, int staging, int trash);

}  // namespace dunnage::volume
