// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Each step, as it is done on the stores.

#include <dunnage/container_store.hpp>
#include <dunnage/project_plan.hpp>
#include <dunnage/volume_store.hpp>

#include "project/ledger.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace dunnage::project {

/// Thread safety: all members may be called from any thread.
class Actor {
 public:
  /// Throws: VolumeError(store_unusable).
  Actor(const Project& project, const std::filesystem::path& store, Ledger& ledger,
        std::optional<std::chrono::milliseconds> grace);

  /// Of recreated containers: without the anonymous volumes of their predecessors.
  void renew_volumes(bool renew) { renew_ = renew; }
  void perform(const ProjectStep& step, const Watch& watch);
  [[nodiscard]] const ContainerStore& containers() const noexcept { return containers_; }

 private:
  void act(const ProjectStep& step, const Watch& watch);
  void recreate_volume(const ProjectStep& step);
  void launch(const ProjectStep& step, Replace replace);
  void stop(const ProjectStep& step) const;
  void restart(const ProjectStep& step) const;
  [[nodiscard]] std::chrono::milliseconds grace_of(const std::string& service) const;

  const Project& project_;
  std::filesystem::path store_;
  Ledger& ledger_;
  std::optional<std::chrono::milliseconds> grace_;
  bool renew_ = false;
  ContainerStore containers_;
  VolumeStore volumes_;
};

}  // namespace dunnage::project
