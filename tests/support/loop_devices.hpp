// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which files of a place have a loop device, and are so mounted by somebody.

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

namespace dunnage::test {

/// Loop devices whose file is at `place` or below it, or was.
inline std::size_t devices_below(const std::filesystem::path& place) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{"/sys/block"}) {
    std::ifstream backing{entry.path() / "loop/backing_file"};
    std::string line;
    if (std::getline(backing, line) && line.starts_with(place.string())) ++count;
  }
  return count;
}

}  // namespace dunnage::test
