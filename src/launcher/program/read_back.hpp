// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What confines a container is looked at after it was set, where a filter of system calls may answer in the kernel's
/// place (kernel/read_back.hpp). Elsewhere the kernel's own answers are all there is to know, and nothing is looked at.

#include "launcher/program/child.hpp"

namespace dunnage::launcher {

/// unshare(CLONE_NEWNS), or -EPERM where this is no other mount namespace afterwards.
int unshare_mounts() noexcept;

/// Keeps what is needed to look later, from inside of namespaces where it could not be had.
void begin_read_back(Child& child) noexcept;
/// That the namespaces of a container were entered, by one setns(2) for all of them.
void read_back_entry(Child& child) noexcept;
/// That its network is the one that was made for it, and its root is the root.
void read_back_network(Child& child) noexcept;
void read_back_root(Child& child) noexcept;
/// That a mount has these attributes, of MOUNT_ATTR_RDONLY, _NOSUID, _NODEV and _NOEXEC.
void read_back_attributes(Child& child, int mount, uint64_t attributes) noexcept;
/// That this process has the ids and rights it was given and no others, and ends what was begun.
/// \param capabilities  permitted and effective
void read_back_identity(Child& child, uint64_t capabilities) noexcept;
/// That nothing is open but the standard streams and what tells the launcher.
void read_back_closed(Child& child) noexcept;

}  // namespace dunnage::launcher
