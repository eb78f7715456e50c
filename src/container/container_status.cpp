// SPDX-License-Identifier: Apache-2.0
#include "container/status.hpp"

#include <dunnage/container.hpp>

#include <string_view>

namespace dunnage {

std::string_view to_string(ContainerStatus status) noexcept {
  switch (status) {
    case ContainerStatus::Created:
      return "created";
    case ContainerStatus::Running:
      return "running";
    case ContainerStatus::Paused:
      return "paused";
    case ContainerStatus::Restarting:
      return "restarting";
    case ContainerStatus::Exited:
      return "exited";
    case ContainerStatus::Dead:
      return "dead";
  }
  return "unknown";
}

}  // namespace dunnage

namespace dunnage::container {

ContainerStatus status_of(launcher::ContainerState state) noexcept {
  switch (state) {
    case launcher::ContainerState::Created:
      return ContainerStatus::Created;
    case launcher::ContainerState::Running:
      return ContainerStatus::Running;
    case launcher::ContainerState::Paused:
      return ContainerStatus::Paused;
    case launcher::ContainerState::Restarting:
      return ContainerStatus::Restarting;
    case launcher::ContainerState::Exited:
      break;
  }
  return ContainerStatus::Exited;
}

}  // namespace dunnage::container
