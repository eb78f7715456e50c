// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the options of the driver "local" mean: Docker's `type`, `device` and `o`.
///
///     {}                                                   the volume's own directory
///     type=none device=/srv/data o=bind                    a directory of the host
///     type=tmpfs device=tmpfs o=size=100m,uid=1000         memory, as long as a container uses the volume
///     type=ext4 device=/srv/images/data.img                a file system in a file (by a loop device) or on a disk

#include <dunnage/volume.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::volume {

struct LocalDriver {
  enum class Kind { Directory, Bind, Tmpfs, FileSystem };
  Kind kind = Kind::Directory;
  std::string type{};
  std::filesystem::path device{};
  bool read_only = false;
  bool exec = true;
  bool recursive = false;  ///< of Bind
  /// Of FileSystem: what is passed on to the kernel; without a value it is a flag.
  std::vector<std::pair<std::string, std::optional<std::string>>> data{};
  std::uint64_t size = std::uint64_t{64} << 20U;  ///< of Tmpfs, and what follows
  unsigned mode = 01777;
  std::optional<std::uint32_t> uid{};
  std::optional<std::uint32_t> gid{};
  std::optional<std::uint64_t> inodes{};
  bool no_swap = false;
};

/// What is wrong with options.
struct DriverFault {
  std::string cause;
  std::string remedy;
  bool unsupported = false;
};

/// \return the fault, or nothing and `driver` is filled
[[nodiscard]] std::optional<DriverFault> read_driver_options(const DriverOptions& options, LocalDriver& driver);

}  // namespace dunnage::volume
