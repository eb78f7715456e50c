// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Making the missing source of a bind mount.

#include <dunnage/mount_plan.hpp>

#include "kernel/file_descriptor.hpp"

#include <filesystem>
#include <vector>

namespace dunnage::prepare {

/// Makes the directories that are missing; the last one with the mode and owner of the plan.
/// \param created gets what was made, outermost first, also when this throws. Throws: MountError.
/// \return the source, open
[[nodiscard]] kernel::FileDescriptor create_source(const ResolvedMount& mount,
                                                   std::vector<std::filesystem::path>& created);

}  // namespace dunnage::prepare
