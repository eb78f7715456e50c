// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Who answers for what lies in a file system.

#include <cstdint>

namespace dunnage::kernel {

enum class FileSystemKind {
  Local,   ///< the kernel, by its memory and its disks
  Layers,  ///< the file systems an overlay was made of, any of which may have a server
  Server,  ///< somebody who may never do it: FUSE, NFS, and whatever this library does not know
};

/// Of what the descriptor holds. Costs one call, two where there is no disk, and asks nobody.
/// \param device  gets that of the file system, as stat(2) has it
[[nodiscard]] FileSystemKind kind_of_file_system(int fd, std::uint64_t* device = nullptr) noexcept;

/// Whether looking into the directory may wait for somebody.
[[nodiscard]] inline bool may_wait_for_others(int directory) noexcept {
  return kind_of_file_system(directory) != FileSystemKind::Local;
}

}  // namespace dunnage::kernel
