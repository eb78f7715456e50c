// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// All records of a store. Launchers are asked some records ahead: they answer while further records are read.

#include <dunnage/container_store.hpp>

#include "launcher/socket.hpp"

#include <filesystem>
#include <vector>

namespace dunnage::container {

/// Those that can be read and those that cannot, in the order in which they were made, without those that are removed
/// meanwhile. A launcher that is silent until the deadline costs 50 ms more at most.
/// \param path  that of the directory `containers`
/// Throws: kernel::CallError.
[[nodiscard]] std::vector<ContainerInfo> list_records(int containers, const std::filesystem::path& path,
                                                      launcher::Deadline deadline);

}  // namespace dunnage::container
