// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Block devices of files.

#include "kernel/file_descriptor.hpp"

#include <filesystem>
#include <string>

namespace dunnage::prepare {

/// A block device that stays as long as the descriptor, or what was mounted from it.
struct BlockDevice {
  kernel::FileDescriptor held;
  std::string path;
};

/// A disk is itself. A file gets a loop device that frees itself, and has the one it has: two for one file would be two
/// file systems that write over each other. Throws: kernel::CallError.
[[nodiscard]] BlockDevice open_block_device(const std::filesystem::path& path, bool read_only);

}  // namespace dunnage::prepare
