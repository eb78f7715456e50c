// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Files that share their content on the disk (ioctl_ficlone(2)).

namespace dunnage::kernel {

/// Whether the file system of `directory` can do it. Tried with two files that never have a name.
/// Throws: CallError for what says nothing about that: no space, no descriptors.
[[nodiscard]] bool can_reflink(int directory);

}  // namespace dunnage::kernel
