// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the stores have that matters to a project, read without a right to write.

#include <dunnage/container_store.hpp>
#include <dunnage/volume.hpp>

#include "project/wanted.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::project {

/// A container of the project.
struct PresentContainer {
  std::string name;
  std::string service;
  unsigned number = 0;
  bool one_off = false;
  ContainerStatus status = ContainerStatus::Created;
  std::optional<ExitStatus> exit{};
  std::string image_id{};
  Labels labels{};
  std::map<std::string, std::string> volumes{};  ///< target to the volume's name
  std::vector<std::string> anonymous{};          ///< names of its anonymous volumes

  /// Also while it is paused, or about to be started again.
  [[nodiscard]] bool up() const noexcept;
};

struct PresentVolume {
  VolumeInfo info;
  std::vector<std::string> users{};  ///< names of the containers that run with it
};

struct Present {
  std::vector<PresentContainer> containers{};         ///< sorted by service and number
  std::map<std::string, PresentVolume> volumes{};     ///< of those the project names, and those of its containers
  std::map<std::string, std::string> images{};        ///< what the services name, to the id
  std::map<std::string, Healthcheck> image_checks{};  ///< by the same names
  std::map<std::string, std::string> others{};        ///< names of containers that are not its own, to whose they are
};

/// \param store of this user. Throws: VolumeError(store_unusable), LaunchError, ImageError.
[[nodiscard]] Present look_at(const Wanted& wanted, const std::filesystem::path& store);

[[nodiscard]] PresentContainer present_container(const ContainerInfo& info);

}  // namespace dunnage::project
