// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The number of a mount that no other one ever has (Linux 6.8), and what the kernel says of the mount with it: a list
/// of all mounts, which may be long, need not be read for that. Kernels that do not tell are asked for the list
/// (mount_lines.hpp).

#include "launcher/program/mount_lines.hpp"

namespace dunnage::launcher {

/// Of the mount a descriptor holds; 0: the kernel does not tell.
uint64_t mount_number(int fd) noexcept;

/// Whether the mount with that number is in this process's mount namespace.
/// \return 1 or 0, or -errno: the kernel does not tell
int is_mounted(uint64_t number) noexcept;

/// Where it is, if nothing is mounted below it. \return 1 with its target, or 0: the list tells
int find_lone_mount(uint64_t number, char (&target)[kMostMountPath]) noexcept;

}  // namespace dunnage::launcher
