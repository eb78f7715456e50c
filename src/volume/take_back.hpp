// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Deleting what was made in a stage for other ids, which this user cannot.

#include "launcher/connection.hpp"
#include "volume/stage.hpp"

namespace dunnage::volume {

/// Deletes the data in a stage with the launcher's rights, if this user's may not do. What stays is swept by a later
/// call. Never throws.
void take_back(const Stage& stage, const launcher::Connection& connection) noexcept;

}  // namespace dunnage::volume
