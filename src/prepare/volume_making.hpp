// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The volumes of a plan: those that are missing are made, and empty ones filled, before this container begins to use
/// them.

#include <dunnage/mount_plan.hpp>
#include <dunnage/volume_store.hpp>

#include "prepare/prepare.hpp"
#include "prepare/state.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::prepare {

class VolumeMaking {
 public:
  /// \param mounts  all of the plan; \param state  gets the anonymous volumes; all of them outlive this
  VolumeMaking(std::vector<ResolvedMount>& mounts, const Owner& owner, const Content& content,
               PreparedMountsAccess::State& state)
      : mounts_{mounts}, owner_{owner}, content_{content}, state_{state} {}

  /// Makes the volume of a mount, and fills it where the plan says so: for all of its mounts at once, so that the first
  /// is not a use that keeps it from being filled for the others.
  /// \return the store it is in. Throws: VolumeError.
  VolumeStore& make(ResolvedMount& mount);

 private:
  VolumeStore& store_at(const std::filesystem::path& path);
  void make_for_all(VolumeStore& store, const ResolvedMount& first);
  void make_volume(VolumeStore& store, ResolvedMount& mount);
  void fill_volume(const VolumeStore& store, ResolvedMount& mount);
  void take_anonymous(ResolvedMount& mount, const VolumeInfo& made);

  std::vector<ResolvedMount>& mounts_;
  const Owner& owner_;
  const Content& content_;
  PreparedMountsAccess::State& state_;
  std::map<std::filesystem::path, VolumeStore> stores_;
  std::set<std::pair<std::filesystem::path, std::string>> made_;  ///< store and name
};

}  // namespace dunnage::prepare
