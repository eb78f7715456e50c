// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The power of a disk is cut again and again while work is done on it, and each time what is left is inspected.

#include "crash/cut_disk.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace dunnage::test {

/// Looks at what a cut has left, below the top of its disk, in a process of its own. Answers with what is wrong.
using Inspect = std::function<std::string(const std::filesystem::path& top, const Told& told)>;

/// Has a test fail with what is wrong.
void inspect_apart(const std::filesystem::path& top, const Told& told, const Inspect& inspect);

/// What is done until the power is cut, and what has to be there then.
struct CutWork {
  std::size_t mebibytes = 310;  ///< of the disk
  std::size_t most_lines = 40;  ///< the power is cut when at the most so many have been told
  /// Makes what is there before a round; they are numbered from 0 on. What the rounds before have left is there, too.
  std::function<void(const CutDisk&, std::size_t round)> prepare;
  std::function<std::vector<CutDisk::Work>(std::size_t round)> works;
  Inspect inspect;
};

void cut_power(const std::string& kind, std::size_t times, const CutWork& work);

/// Does the work once on a disk that drops what was not synced, and cuts its power at `usual` moments of it, or as many
/// as DUNNAGE_CRASHES says. Skips where no such disk can be served.
void cut_recorded(const CutDisk::Work& work, std::size_t usual, const Inspect& inspect);

/// Brings to the disk all that is on it.
void sync_disk(const std::filesystem::path& top);

}  // namespace dunnage::test
