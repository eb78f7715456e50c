// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the host has at a bind mount's source.

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>

#include "kernel/file_descriptor.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace dunnage::plan {

struct BindSource {
  std::filesystem::path path;  ///< absolute, without symbolic links as far as it exists
  FileKind kind = FileKind::Directory;
  bool missing = false;
  bool mountpoint = false;  ///< something is mounted at the path
  std::string followed{};   ///< the path before symbolic links were followed, if there were any
};

/// Looks at one source after the other. Sources tend to lie side by side: the way to them is walked once.
class SourceLook {
 public:
  /// \param current_directory base of a relative source; empty: that of the process
  /// Throws: MountError if the source cannot be looked at, its file system does not answer within 10 seconds, or it is
  /// missing, not to be created and not optional.
  [[nodiscard]] BindSource look(const BindMount& mount, const std::filesystem::path& current_directory);

 private:
  [[nodiscard]] std::optional<BindSource> look_without_links(const BindMount& mount, const std::string& path);

  std::string parent_;             ///< with its last slash
  kernel::FileDescriptor opened_;  ///< it; empty if there is a link on the way to it, or it cannot be opened
  bool may_wait_ = false;          ///< looking into it may
};

}  // namespace dunnage::plan
