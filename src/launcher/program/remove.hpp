// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Deleting a tree of files that belong to ids only this user namespace has.

namespace dunnage::launcher {

/// Deletes `name` in `directory` and everything below it: follows no link, crosses no mount. 0 or errno.
int remove_tree(int directory, const char* name) noexcept;

}  // namespace dunnage::launcher
