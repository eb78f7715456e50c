// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The same container again: same id, name and specification, new mounts and streams.

#include "container/state.hpp"

#include <memory>
#include <string>

namespace dunnage::launch {

/// What a container is started again from.
struct Former {
  const LaunchSpec& spec;  ///< but for its mounts
  container::Storage storage;
  std::string id;
  std::string name;
  std::string image_id;
  bool detached = true;
};

/// A specification with other mounts, which pulls nothing, is not watched, and takes nobody's volumes or place.
[[nodiscard]] LaunchSpec copy_of(const LaunchSpec& known, Storage mounts);

/// Anonymous volumes that are still there are mounted again; others are made anew. Throws: as Container::launch().
[[nodiscard]] std::shared_ptr<ContainerAccess::ContainerState> relaunch(const Former& former);

}  // namespace dunnage::launch
