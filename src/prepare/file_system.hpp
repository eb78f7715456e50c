// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The file system a volume's options name, as a detached mount.

#include <dunnage/mount_plan.hpp>

#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"
#include "volume/local_driver.hpp"

namespace dunnage::prepare {

/// One that is mounted already, by whomever, is the same one again: the kernel keeps one per device.
/// Throws: MountError; not_supported where this kernel has no such file system, or the user is not root.
[[nodiscard]] kernel::FileDescriptor mount_device(const ResolvedMount& mount, const volume::LocalDriver& driver,
                                                  const launcher::Identity& identity);

}  // namespace dunnage::prepare
