// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A file system in memory, private to one run of the container and gone with it.
///
///     mounts.add(dunnage::Tmpfs{"/run", {.size = 64_MiB, .mode = 0755}});

#include <dunnage/export.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace dunnage {

/// What a tmpfs can be told (tmpfs(5)).
struct TmpfsOptions {
  std::uint64_t size = std::uint64_t{64} << 20U;  ///< bytes; 64 MiB, never the kernel's silent half of the memory
  unsigned mode = 01777;                          ///< permission bits of its root directory
  std::optional<std::uint32_t> uid{};             ///< owner of its root, as seen in the container; default 0
  std::optional<std::uint32_t> gid{};
  bool read_only = false;
  bool suid = false;
  bool dev = false;
  bool exec = false;
  std::optional<std::uint64_t> nr_inodes{};  ///< most files and directories; default: the kernel's own limit
  bool no_swap = false;                      ///< its pages are never written to swap. Kernel: Linux 6.4

  friend bool operator==(const TmpfsOptions&, const TmpfsOptions&) = default;
};

/// A value; describing a mount touches nothing.
struct Tmpfs {
  std::string target;  ///< absolute path in the container; created if it is missing
  TmpfsOptions options{};

  friend bool operator==(const Tmpfs&, const Tmpfs&) = default;
};

/// `type=tmpfs,target=/run,tmpfs-size=67108864,tmpfs-mode=0755`
[[nodiscard]] DUNNAGE_API std::string to_string(const Tmpfs& mount);

}  // namespace dunnage
