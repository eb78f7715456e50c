// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Asking for detached mounts, in this process or of the broker, whichever may.

#include "kernel/file_descriptor.hpp"
#include "launcher/connection.hpp"
#include "launcher/detach.hpp"
#include "launcher/identity.hpp"

#include <filesystem>
#include <memory>

namespace dunnage::prepare {

/// The one way to a detached mount for an identity. Cheap; the launcher is started at the first need of it.
class MountSource {
 public:
  explicit MountSource(const launcher::Identity& identity) : identity_{identity} {}

  /// \param path absolute; \param opened what it was when it was looked at (-1: nobody did), whose inode it has to be
  [[nodiscard]] launcher::DetachResult bind(launcher::DetachRequest request, const std::filesystem::path& path,
                                            int opened = -1);
  [[nodiscard]] launcher::DetachResult tmpfs(const launcher::DetachRequest& request);

 private:
  const launcher::Connection& broker();
  const launcher::Identity& identity_;
  std::shared_ptr<launcher::Connection> connection_;
};

}  // namespace dunnage::prepare
