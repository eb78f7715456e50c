// SPDX-License-Identifier: Apache-2.0
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
