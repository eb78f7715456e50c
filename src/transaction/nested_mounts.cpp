// SPDX-License-Identifier: Apache-2.0
#include "transaction/nested_mounts.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "launcher/mountinfo.hpp"

#include <algorithm>
#include <cstddef>

namespace dunnage::transaction {

std::vector<std::string> nested_mounts(std::string_view directory) {
  constexpr std::size_t kMostMountinfo = std::size_t{256} << 20U;
  constexpr std::size_t kMountPoint = 4;
  std::string buffer;
  const auto [text, number] = kernel::read_host_file("/proc/self/mountinfo", buffer, kMostMountinfo);
  if (number != 0) {
    throw kernel::CallError{"read /proc/self/mountinfo", number};
  }
  const std::string top = directory == "/" ? std::string{directory} : std::string{directory} + '/';
  std::vector<std::string> mounts;
  for (const auto& [before, after] : launcher::mountinfo_lines(text)) {
    const std::string point = before.size() > kMountPoint ? launcher::unescaped(before[kMountPoint]) : std::string{};
    if (point.size() > top.size() && point.starts_with(top)) {
      mounts.push_back(point.substr(top.size()));
    }
  }
  std::sort(mounts.begin(), mounts.end());
  mounts.erase(std::unique(mounts.begin(), mounts.end()), mounts.end());
  return mounts;
}

}  // namespace dunnage::transaction
