// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The root file system as detached mounts.

#include <dunnage/container.hpp>
#include <dunnage/rootfs.hpp>

#include "kernel/file_descriptor.hpp"
#include "launch/user.hpp"
#include "prepare/detach_mount.hpp"

#include <string>
#include <vector>

namespace dunnage::launch {

/// A mount that belongs to the root: /usr in Rootfs::host().
struct RootPart {
  std::string target;
  bool is_file = false;
  kernel::FileDescriptor mount;
};

struct Root {
  kernel::FileDescriptor mount;
  std::vector<RootPart> parts;
};

/// The account files, read before it is known as whom the container runs.
/// Throws: LaunchError if the root file system cannot be opened.
[[nodiscard]] Accounts read_accounts(const Rootfs& rootfs);

/// Throws: LaunchError.
[[nodiscard]] Root open_directory_root(const Rootfs& rootfs, prepare::MountSource& source);
/// \param with_parts  whether its parts are taken, too, or only the places for them made
[[nodiscard]] Root make_host_root(const Accounts& accounts, const std::string& hostname, Network network,
                                  prepare::MountSource& source, bool with_parts = true);
/// The accounts Rootfs::host() gets: root, nobody, and the user of this process.
[[nodiscard]] Accounts host_accounts();

/// `cannot use root file system "/srv/app": <cause>: …`
[[nodiscard]] LaunchError root_error(const std::string& subject, const std::string& cause, int number,
                                     const std::string& remedy);

}  // namespace dunnage::launch
