// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A bind mount whose changes go to a transaction.

#include <dunnage/bind_mount.hpp>
#include <dunnage/mount_plan.hpp>

#include "plan/store_look.hpp"

namespace dunnage::plan {

/// Finds the transaction a bind names, and makes its directories those of the mount's overlay.
/// \param mount  with its source. Throws: MountError.
void take_transaction(const BindMount& bind, ResolvedMount& mount, StoreLook& stores);

}  // namespace dunnage::plan
