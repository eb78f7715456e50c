// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The file system on a block device, as a detached mount.

#include "kernel/file_descriptor.hpp"
#include "kernel/loop_device.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::kernel {

struct DeviceMount {
  FileDescriptor mount{};
  const char* call = "";  ///< that failed: "fsopen", "fsconfig", "mount", "fsmount"
  int number = 0;         ///< its errno; 0: it is mounted
  std::string said{};     ///< what the file system itself said of that
};

/// One that is mounted already, by whomever, is the same one again: the kernel keeps one per device.
/// One that may never answer is given up in time, with ETIMEDOUT.
/// \param data  passed on to the file system; without a value it is a flag
[[nodiscard]] DeviceMount mount_device(
    const std::string& type, const BlockDevice& device, bool read_only,
    const std::vector<std::pair<std::string, std::optional<std::string>>>& data = {});

}  // namespace dunnage::kernel
