// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The stores that the mounts of one plan live in.

#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/volume_store.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace dunnage::plan {

/// Each store is opened once for all mounts of a plan, however many volumes of it they show. For one plan alone: what
/// is a store now may be none when the next plan is made.
class StoreLook {
 public:
  explicit StoreLook(const ResolveOptions& options) : asked_{options.store} {}

  /// The root of the store of a mount, as a full path. \param own  what the mount says; empty: nothing
  [[nodiscard]] std::filesystem::path root_of(const std::filesystem::path& own);

  /// Nothing if there is no such volume, or no such store: looking makes none. Throws: VolumeError.
  [[nodiscard]] std::optional<Volume> find(const std::filesystem::path& root, const std::string& name);

 private:
  const std::filesystem::path& asked_;
  std::optional<std::filesystem::path> usual_;
  std::map<std::string, std::optional<VolumeStore>, std::less<>> opened_;
};

}  // namespace dunnage::plan
