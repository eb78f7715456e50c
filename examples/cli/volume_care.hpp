// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Taking care of volumes that are there.

#include "session.hpp"

#include <CLI/CLI.hpp>

namespace cli {

/// volume update, usage, prune, and trash ls, restore, purge.
void add_volume_care(CLI::App& volume, Session& session);

}  // namespace cli
