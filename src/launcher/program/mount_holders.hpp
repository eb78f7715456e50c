// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which processes have something of a mount open: a file, a directory, a program, or memory of a file.

#include "launcher/program/mount_lines.hpp"

namespace dunnage::launcher {

inline constexpr uint32_t kMostSubmounts = 256;
inline constexpr uint32_t kMostHolders = 64;

/// A mount with what is mounted below it, as far as there is room.
struct MountTree {
  uint64_t ids[kMostSubmounts] = {};
  uint32_t count = 0;
  char target[kMostMountPath] = {};
};

/// \return 1 with the tree, 0 if the mount is nowhere, or -errno
int read_mount_tree(int proc, uint64_t id, MountTree& tree) noexcept;

/// Processes of this launcher have what it has open until they execute a container's program, and let go of it then.
enum class Holders { All, ButOwn };

/// Tells `channel` of each process that has something of it open: a Found with its pidfd. Says nothing of this process.
/// \return how many there are
uint32_t tell_holders(int proc, const MountTree& tree, int channel, Holders which) noexcept;

}  // namespace dunnage::launcher
