// SPDX-License-Identifier: Apache-2.0
#include "storage_flags.hpp"

#include "command.hpp"

#include <set>

namespace cli {

void StorageFlags::add_to(CLI::App& command) {
  add_repeated(command, "-v,--volume", volumes, "Bind mount or volume: [SOURCE:]TARGET[:OPTIONS]");
  add_repeated(command, "--mount", mounts, "Any mount: type=bind|volume|tmpfs,source=...,target=...[,readonly]...");
  add_repeated(command, "--tmpfs", tmpfs, "File system in memory: TARGET[:size=64m,mode=1777]");
}

dunnage::MountSet StorageFlags::mount_set() const {
  dunnage::MountSet set;
  std::set<std::string> seen;
  for (const auto& text : volumes) {
    // The same -v twice is one mount, as in Docker; two different ones at one place are an error.
    if (seen.insert(text).second) set.add(dunnage::parse_volume_flag(text));
  }
  for (const auto& text : mounts) set.add(dunnage::parse_mount_flag(text));
  for (const auto& text : tmpfs) set.add(dunnage::parse_tmpfs_flag(text));
  return set;
}

}  // namespace cli
