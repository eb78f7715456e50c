// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Subvolumes of btrfs, by descriptors: directories of which the file system makes a copy at once, whatever is in them.
/// One that is empty is removed like a directory (Linux 4.18).

#include <cstdint>
#include <string>

namespace dunnage::kernel {

/// Whether the directory is the top of a subvolume. \param fd  O_PATH will do. Throws: CallError.
[[nodiscard]] bool is_subvolume(int fd);

/// Whether the directory is one of which snapshot_subvolume() makes a copy: others in it would be missing there.
/// \param fd  readable
[[nodiscard]] bool can_be_snapshotted(int fd) noexcept;

/// What tells the directory from all others of its file system, also after the machine was started again: tops of
/// subvolumes all have one inode number. Throws: CallError.
[[nodiscard]] std::uint64_t identity_of_directory(int fd);

/// Makes an empty subvolume, as mkdir(2) makes a directory.
/// \return 0 or errno; ENOTTY or the like where there are none
[[nodiscard]] int make_subvolume(int parent, const std::string& name) noexcept;

/// Makes `name` in `parent` a copy of a subvolume as it is at this instant; on the disk on return.
/// \param source  readable
/// \return 0 or errno
[[nodiscard]] int snapshot_subvolume(int source, int parent, const std::string& name) noexcept;

}  // namespace dunnage::kernel
