// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The mounts of the mount namespace this process is in, as mountinfo lists them: the ones it reaches from its root.

#include "launcher/program/system.hpp"

namespace dunnage::launcher {

inline constexpr size_t kMostMountPath = 4096;

struct MountLine {
  uint64_t id = 0;
  uint64_t parent = 0;
  char target[kMostMountPath] = {};  ///< from the root; cut off where it is longer
};

class MountLines {
 public:
  /// \param proc  a /proc in which this process is found
  explicit MountLines(int proc) noexcept : file_{open_at(proc, "self/mountinfo", O_RDONLY)} {}
  MountLines(const MountLines&) = delete;
  MountLines& operator=(const MountLines&) = delete;
  ~MountLines() {
    if (file_ >= 0) {
      (void)close_descriptor(file_);
    }
  }

  /// \return 1 with a line, 0 at the end, or -errno
  int next(MountLine& line) noexcept;

 private:
  int read_letter() noexcept;

  int file_;
  char buffer_[4096];
  long size_ = 0;
  long position_ = 0;
};

/// Where the mount with this number is. \return 1 with its line, 0 if it is nowhere, or -errno
int find_mount_line(int proc, uint64_t id, MountLine& line) noexcept;

}  // namespace dunnage::launcher
