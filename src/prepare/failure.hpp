// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Failures of mounts in words.

#include <dunnage/error.hpp>
#include <dunnage/mount_plan.hpp>

#include "launcher/protocol.hpp"

#include <string>

namespace dunnage::prepare {

/// `bind mount "/srv/conf"` and `-> "/etc/app" (read-only)`: how an error names a resolved mount.
struct MountWords {
  std::string kind;     ///< "bind mount", "volume", "anonymous volume", "tmpfs", "image"
  std::string subject;  ///< the source, the volume's or image's name, or the target of a tmpfs
  std::string detail;
};
[[nodiscard]] MountWords words_of(const ResolvedMount& mount);

/// What a mount shows, for MountError::source().
[[nodiscard]] std::string source_of(const ResolvedMount& mount);

/// The error for a step that failed while the mount was prepared.
[[nodiscard]] MountError prepare_error(const ResolvedMount& mount, const launcher::Failure& failure);

/// The error for a call that failed in this process.
[[nodiscard]] MountError prepare_error(const ResolvedMount& mount, const std::string& cause, int number,
                                       std::string remedy);

}  // namespace dunnage::prepare
