// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Preparing for an identity that is known already.

#include <dunnage/mount_plan.hpp>
#include <dunnage/prepared_mounts.hpp>
#include <dunnage/progress.hpp>

#include "launcher/identity.hpp"
#include "prepare/detach_mount.hpp"
#include "prepare/state.hpp"
#include "prepare/user.hpp"

#include <string>

namespace dunnage::prepare {

/// For whom: the id of the container, and what its volumes call it.
struct Owner {
  std::string id;
  std::string name;
  Ids user{};         ///< whom the container runs as
  bool runs = false;  ///< what it has claimed of a volume counts for further mounts of it
};

/// What empty volumes are filled with, where the plan says so (ResolvedMount::copy_up), and how long work is watched.
struct Content {
  int root = -1;  ///< the container's root file system, which nobody writes to meanwhile; O_PATH will do. -1: none
  Watch watch{};  ///< of the copying, and of unpacking images that are mounted
  /// Mounts of the same container that are made elsewhere, for what all of them claim of a volume. Null: none.
  const MountPlan* beside = nullptr;
  bool for_template = false;  ///< no container runs with the mounts: they claim nothing of volumes
};

/// MountPlan::prepare(), without deciding again as whom. Throws as that does.
[[nodiscard]] PreparedMounts prepare(const MountPlan& plan, const launcher::Identity& identity, const Owner& owner,
                                     const Content& content = {});

/// Whether preparing adds nothing to what the plan, or a mount of it, says.
[[nodiscard]] bool stays_as_planned(const ResolvedMount& mount);
[[nodiscard]] bool stays_as_planned(const MountPlan& plan);

/// One mount of those. Throws: MountError.
[[nodiscard]] launcher::DetachResult make_as_planned(MountSource& source, const ResolvedMount& mount);
/// What prepare() makes of such a plan, without a copy of the plan. `mounts` is left to the caller to fill in.
[[nodiscard]] PreparedMounts begin_as_planned(const launcher::Identity& identity, const Owner& owner);

/// Mounts that several containers are shown are used by each of them: its locks of their volumes and images, under its
/// own name. \param mounts prepared once, and held by somebody; \param state gets the locks. Throws: VolumeError,
/// MountError, ImageError.
void join_users(const MountPlan& mounts, const launcher::Identity& identity, const Owner& owner,
                PreparedMountsAccess::State& state);

}  // namespace dunnage::prepare
