// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a power cut leaves of a disk that keeps no more than POSIX promises: which of the changes that happened before
/// it are there afterwards.
///
/// - The content of a file and its length are there when it was synced (fsync, fdatasync). A write that was not may be
///   there, or not, or its beginning alone, or as so many zeros, whatever has become of earlier and later ones.
/// - Mode, owner, times and extended attributes are there when the file was synced, and fdatasync is not enough. A
///   file is never seen without its first mode and owner.
/// - A name is there, or gone, when the directory was synced that has or had it. That a file was synced brings no name
///   to the disk, though it does on ext4. A name that was not synced may be there without the content of its file.
/// - A rename happens as a whole or not at all, also between two directories, and with it what became of these two
///   names before. All other changes of names, also in one directory, reach the disk in any order.
/// - syncfs brings everything.

#include "crash/disk_tree.hpp"

#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace dunnage::test {

/// What is left of the changes that were not synced.
enum class Left {
  Nothing,
  Everything,
  Names,    ///< and nothing of what is in files
  Content,  ///< and no names
  One,      ///< and no other
  AllButOne,
  Some,  ///< each by chance, writes also torn
};
[[nodiscard]] const std::vector<Left>& all_that_may_be_left();
[[nodiscard]] std::string to_string(Left left);

/// The disk after a cut behind the first `count` of the changes that have happened since it was as `before`.
[[nodiscard]] DiskTree after_cut(const DiskTree& before, const std::vector<DiskChange>& changes, std::size_t count,
                                 Left left, std::minstd_rand& random);

}  // namespace dunnage::test
