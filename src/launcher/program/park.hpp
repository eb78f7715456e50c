// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Two mount namespaces without anything of the host: the launcher's own, a tiny tmpfs with what it keeps, and an empty
/// one, of which every container gets a copy. So a launch costs the same whatever the host has mounted, and below a
/// container's root there is nothing but an empty, read-only directory.

#include "launcher/protocol.hpp"

namespace dunnage::launcher {

inline constexpr char kMaskDirectory[] = "directory";  ///< in the root of the empty one
inline constexpr char kMaskFile[] = "file";
inline constexpr char kParkedDevices[] = "/devices";  ///< rootless only: the machine's null, zero, ...
inline constexpr char kParkedProc[] = "/proc";  ///< of this pid namespace; rootless: below it the host's stays visible
inline constexpr char kParkedHostProc[] =
    "/host/proc";  ///< rootless: the kernel wants a full one in sight (mount_too_revealing)
inline constexpr char kParkedSys[] = "/host/sys";
inline constexpr char kParkedHeld[] = "/held";  ///< sources of restartable containers

/// A tmpfs with the two masks in it, as a detached mount that is not read-only yet; or -errno.
int make_masks() noexcept;

/// Leaves the host's mount namespace for the launcher's own. Call once, single-threaded.
/// \param empty_mounts  becomes a descriptor of the empty one
Failure park(bool rootless, int& empty_mounts) noexcept;

}  // namespace dunnage::launcher
