// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The locks of a volume by what they are locks of: who holds some of them, and does not know of which volume, is told
/// so which to give up.

#include "volume/layout.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace dunnage::volume {

/// A file, as stat(2) tells it from others.
struct LockedFile {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

/// One more, unless it is gone. Throws: kernel::CallError.
void add_locked_file(int directory, const std::string& name, std::vector<LockedFile>& files);

/// The lock that keeps the volume, and then the records of all who use it. Empty if there is no such volume.
/// Throws: kernel::CallError.
[[nodiscard]] std::vector<LockedFile> locked_files(const Layout& layout, const std::string& name);

}  // namespace dunnage::volume
