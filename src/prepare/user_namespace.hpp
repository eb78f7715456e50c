// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A user namespace nobody lives in: the map of ids of a mount.

#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"

#include <vector>

namespace dunnage::prepare {

/// \param users, groups `inside` … is the id on disk, `outside` … the one processes see
/// Throws: kernel::CallError.
[[nodiscard]] kernel::FileDescriptor make_user_namespace(const std::vector<launcher::IdRange>& users,
                                                         const std::vector<launcher::IdRange>& groups);

}  // namespace dunnage::prepare
