// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Deleting a tree whose content nobody vouches for.

#include <string>
#include <system_error>

namespace dunnage::kernel {

/// Deletes `name` in `parent` and all below it, by descriptors: no link is followed, no mount is entered, no path is
/// put together. Depth and width cost neither stack nor descriptors: at most 40 are open at once. Goes on past what
/// cannot be deleted. Several processes may do it to one tree at once; what is gone already counts as deleted.
/// \return the first failure, or success when nothing is left
[[nodiscard]] std::error_code remove_tree(int parent, const std::string& name);

}  // namespace dunnage::kernel
