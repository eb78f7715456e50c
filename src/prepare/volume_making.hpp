// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The volumes of a plan: those that are missing are made, and empty ones filled, before this container begins to use
/// them.

#include <dunnage/mount_plan.hpp>
#include <dunnage/volume_store.hpp>

#include "kernel/file_descriptor.hpp"
#include "prepare/prepare.hpp"
#include "prepare/state.hpp"
#include "volume/local_driver.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::prepare {

/// Throws: MountError if its options make no sense.
[[nodiscard]] volume::LocalDriver driver_of(const ResolvedMount& mount);

class VolumeMaking {
 public:
  /// \param mounts  all of the plan; \param state  gets the anonymous volumes; all of them outlive this
  VolumeMaking(std::vector<ResolvedMount>& mounts, const Owner& owner, const Content& content,
               PreparedMountsAccess::State& state)
      : mounts_{mounts}, owner_{owner}, content_{content}, state_{state} {}

  /// Makes the volume of a mount, and fills it where the plan says so: for all of its mounts at once, so that the first
  /// is not a use that keeps it from being filled for the others.
  /// What is in memory is not there before it is mounted, and left to fill_memory().
  /// \return the store it is in. Throws: VolumeError, MountError.
  VolumeStore& make(ResolvedMount& mount);
  /// The top of a file system that is mounted for this container, once for all of its mounts. Throws: MountError.
  [[nodiscard]] int device_root(const ResolvedMount& mount, const volume::LocalDriver& driver);
  /// The top of the file system in the image of a volume with a limit, once as well; below zero: it has none.
  /// Throws: VolumeError.
  [[nodiscard]] int image_root(const ResolvedMount& mount, int volume);
  /// What a volume of the host's directory shows, looked up once as well. Throws: MountError.
  [[nodiscard]] int bound_directory(const ResolvedMount& mount);
  /// Fills a volume in memory that has just been mounted: as it is empty again, at each start. Throws: VolumeError.
  void fill_memory(ResolvedMount& mount, int mounted) const;

 private:
  VolumeStore& store_at(const std::filesystem::path& path);
  void make_for_all(VolumeStore& store, const ResolvedMount& first);
  void make_volume(VolumeStore& store, ResolvedMount& mount);
  [[nodiscard]] bool is_to_be_filled(const ResolvedMount& mount) const { return mount.copy_up && content_.root >= 0; }
  void fill_volume(const VolumeStore& store, ResolvedMount& mount);
  [[nodiscard]] LimitWay way_of_limit(const VolumeStore& store, const ResolvedMount& mount) const;
  [[nodiscard]] int limited_data(const ResolvedMount& mount, int volume);
  void fill_elsewhere(const VolumeStore& store, ResolvedMount& mount, const volume::LocalDriver& driver);
  void take_anonymous(ResolvedMount& mount, const VolumeInfo& made);

  std::vector<ResolvedMount>& mounts_;
  const Owner& owner_;
  const Content& content_;
  PreparedMountsAccess::State& state_;
  std::map<std::filesystem::path, VolumeStore> stores_;
  std::map<std::pair<std::filesystem::path, std::string>, kernel::FileDescriptor> device_roots_;  ///< as made_
  std::vector<kernel::FileDescriptor> filled_;  ///< so that file systems that are used next stay mounted
  std::set<std::pair<std::filesystem::path, std::string>> made_;  ///< store and name
};

}  // namespace dunnage::prepare
