// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// From a source on the host to the mount a container sees: owner, labels, overlay, and what is hidden.

#include <dunnage/mount_plan.hpp>

#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"
#include "prepare/detach_mount.hpp"
#include "prepare/user.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace dunnage::prepare {

/// A plan that is prepared again says each thing once.
void add_reason(ResolvedMount& mount, std::string reason);

/// What the plan found on the host, whose path is free of links: a link that is there now, somebody has put there
/// since. Throws: MountError.
[[nodiscard]] kernel::FileDescriptor open_source(const ResolvedMount& mount);

struct OpenedSource {
  kernel::FileDescriptor mount;
  std::uint64_t id = 0;                   ///< of the mount, if it is known
  kernel::FileDescriptor lock;            ///< of an overlay's upper directory; empty without one
  kernel::FileDescriptor user_namespace;  ///< by whose ids the files are shown; empty: as they are
};

class SourceOptions {
 public:
  SourceOptions(MountSource& source, const launcher::Identity& identity, const Ids& user, std::string_view container_id)
      : source_{source}, identity_{identity}, user_{user}, container_id_{container_id} {}

  /// Writes into the plan's mount what was done and why. Throws: MountError.
  /// \param source open: all that is done is done with what it holds
  [[nodiscard]] OpenedSource mount(ResolvedMount& mount, SourcePath source);

 private:
  void change_owner(ResolvedMount& mount, const SourcePath& source);
  void relabel(const ResolvedMount& mount, const SourcePath& source) const;
  [[nodiscard]] kernel::FileDescriptor map_ids(ResolvedMount& mount, const SourcePath& source) const;
  void detach(const ResolvedMount& mount, const SourcePath& source, OpenedSource& opened);
  /// \return false if the mount has to be made anew
  [[nodiscard]] bool hide(ResolvedMount& mount, int detached, bool last);

  MountSource& source_;
  const launcher::Identity& identity_;
  Ids user_;
  std::string_view container_id_;
};

}  // namespace dunnage::prepare
