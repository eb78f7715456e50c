// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Giving a new user namespace its ids.

#include "launcher/identity.hpp"

#include <sys/types.h>

namespace dunnage::launcher {

/// Writes the maps of the user namespace process `pid` was born in: by newuidmap and newgidmap when there are ranges,
/// itself when it is one id. Throws: kernel::CallError whose call() is the step that failed.
void write_id_maps(pid_t pid, const Identity& identity);

}  // namespace dunnage::launcher
