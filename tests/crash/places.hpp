// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The file systems on which stores are crashed.

#include "support/temporary_directory.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace dunnage::test {

/// A directory on a file system of some kind, in which nobody else is. It goes, and the file system with it.
class CrashPlace {
 public:
  virtual ~CrashPlace() = default;
  [[nodiscard]] virtual const std::filesystem::path& path() const = 0;
};

/// What a test mounts is seen by this process and its children only: other tests may be looking at the machine's
/// mounts. Throws: std::system_error.
void have_own_mounts();

/// \param kind  "machine": wherever temporary files are; "memory": /dev/shm; "ext4", "xfs", "btrfs": an image of that
///              in a file, which needs root; "small memory": 8 MiB and 400 inodes, which needs root
[[nodiscard]] std::unique_ptr<CrashPlace> make_place(const std::string& kind);

/// "machine" and "memory", or the words of DUNNAGE_CRASH_FILE_SYSTEMS.
[[nodiscard]] std::vector<std::string> kinds_of_places();

}  // namespace dunnage::test
