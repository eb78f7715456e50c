// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What an overlay shows of a directory that the layers below a tree have.

#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"

#include <span>
#include <string>

namespace dunnage::image {

/// Opens the uppermost directory called `name` that is not hidden by anything above it.
/// \param tree  the tree it is wanted for; \param lowers  the ones below, the nearest one first
/// \return empty if the layers below show none. Throws: CallError.
[[nodiscard]] kernel::FileDescriptor find_lower_directory(int tree, std::span<const int> lowers,
                                                          const std::string& name, const launcher::Identity& identity);

}  // namespace dunnage::image
