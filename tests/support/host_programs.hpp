// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The programs of the machine in a root file system that has none.

#include <dunnage/mount_set.hpp>

#include <filesystem>

namespace dunnage::test {

/// Mounts of /usr and what belongs to it; links of the machine, as /bin may be one, are made in `root`.
[[nodiscard]] inline MountSet host_programs(const std::filesystem::path& root) {
  MountSet mounts{BindMount{"/usr", "/usr", {.read_only = true}}};
  for (const char* name : {"bin", "sbin", "lib", "lib32", "lib64"}) {
    const auto host = std::filesystem::path{"/"} / name;
    if (std::filesystem::is_symlink(host)) {
      std::filesystem::create_symlink(std::filesystem::read_symlink(host), root / name);
    } else if (std::filesystem::is_directory(host)) {
      mounts.add(BindMount{host, host.string(), {.read_only = true}});
    }
  }
  return mounts;
}

}  // namespace dunnage::test
