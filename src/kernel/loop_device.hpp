// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Block devices of files.

#include "kernel/file_descriptor.hpp"

#include <filesystem>
#include <string>

namespace dunnage::kernel {

/// A block device that stays as long as the descriptor, or what was mounted from it.
struct BlockDevice {
  FileDescriptor held;
  std::string path;
  bool waits = false;  ///< what it holds is in a file whose server may never answer
};

/// A disk is itself. A file gets a loop device that frees itself, and has the one it has: two for one file would be two
/// file systems that write over each other. Throws: CallError.
[[nodiscard]] BlockDevice open_block_device(const std::filesystem::path& path, bool read_only);
/// The same of a file that is open, for reading and writing unless `read_only`. Throws: CallError.
[[nodiscard]] BlockDevice block_device_of(int image, bool read_only);
/// Whether the file has a loop device now. Throws: CallError.
[[nodiscard]] bool has_block_device(int image);
/// Waits for that to end: a device goes a moment after the last who had it mounted. \return false if it has one all the
/// while. Throws: CallError.
[[nodiscard]] bool await_no_block_device(int image);
/// Waits likewise, and lets nobody give it one until `image` is closed.
/// Throws: CallError, with EBUSY if it has one all the while.
void keep_from_devices(int image);
/// Tells the device of a file that the file has become larger. Throws: CallError.
void take_new_size(const BlockDevice& device);

}  // namespace dunnage::kernel
