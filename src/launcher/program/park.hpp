// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The launcher's own mount namespace: a tiny tmpfs. Containers are cloned from it, so that a launch costs the same
/// whatever the host has mounted, and holds nothing of the host.

#include "launcher/protocol.hpp"

namespace dunnage::launcher {

inline constexpr char kParkedRoot[] = "/root";          ///< where a container's root is attached
inline constexpr char kParkedMaskDirectory[] = "/masks/directory";
inline constexpr char kParkedMaskFile[] = "/masks/file";
inline constexpr char kParkedDevices[] = "/devices";    ///< rootless only: the machine's null, zero, ...
inline constexpr char kParkedProc[] = "/proc";          ///< of this pid namespace; rootless: below it the host's stays visible
inline constexpr char kParkedHostProc[] = "/host/proc"; ///< rootless: the kernel wants a full one in sight (mount_too_revealing)
inline constexpr char kParkedSys[] = "/host/sys";
inline constexpr char kParkedHeld[] = "/held";          ///< sources of restartable containers

/// Leaves the host's mount namespace for the parked one. Call once, single-threaded.
Failure park(bool rootless) noexcept;

}  // namespace dunnage::launcher
