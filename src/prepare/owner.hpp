// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How a wish for an owner is met: the first of three ways that serves.
///
///     the ids agree as they are (as root the same numbers, else by the container's map)      nothing is done
///     root                                                                                   an id-mapped mount
///     an ordinary user                                                                       refused
///
/// The kernel lets nobody map the ids of a file system without CAP_SYS_ADMIN over it (mount_setattr(2)), and over the
/// host's an ordinary user never has it.

#include <dunnage/mount_plan.hpp>

#include "launcher/identity.hpp"
#include "prepare/user.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace dunnage::prepare {

struct OwnerWay {
  bool map = false;                        ///< by an id-mapped mount with these ranges
  std::vector<launcher::IdRange> users{};  ///< `inside` is the id on disk, `outside` the one in the container
  std::vector<launcher::IdRange> groups{};
  std::string reason{};
};

/// \param disk owner of the source; \param user of the container
/// Throws: MountError(not_supported) with what would work.
[[nodiscard]] OwnerWay way_of(const ResolvedMount& mount, const Ids& disk, const Ids& user,
                              const launcher::Identity& identity);

}  // namespace dunnage::prepare
