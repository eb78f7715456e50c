// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Taking a record out of the store.

#include "volume/layout.hpp"

#include <string>
#include <vector>

namespace dunnage::container {

/// Moves a record to the trash and deletes it there. The caller holds its lock and knows that nobody listens. A record
/// that no longer has that name is left alone. Throws: kernel::CallError.
void take_away(const volume::Layout& layout, int containers, const std::string& name, int record);

/// Removes volumes. Those that are gone, or that another container uses by now, are left out.
/// Throws: VolumeError, kernel::CallError.
void remove_volumes(const volume::Layout& layout, const std::vector<std::string>& names);

}  // namespace dunnage::container
