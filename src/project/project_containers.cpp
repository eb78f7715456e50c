// SPDX-License-Identifier: Apache-2.0
#include <dunnage/project_plan.hpp>

#include "container/store_access.hpp"
#include "project/labels.hpp"
#include "project/present.hpp"

#include <dunnage/volume_store.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace dunnage {

std::vector<ContainerInfo> project_containers(std::string_view project, const std::filesystem::path& store) {
  std::vector<ContainerInfo> containers;
  const auto opened = ContainerStoreAccess::open_existing(store.empty() ? default_store() : store);
  if (!opened) {
    return containers;
  }
  std::vector<std::pair<project::PresentContainer, ContainerInfo>> own;
  for (ContainerInfo& info : opened->list()) {
    const auto owner = info.labels.find(project::label::kProject);
    if (owner != info.labels.end() && owner->second == project) {
      own.emplace_back(project::present_container(info), std::move(info));
    }
  }
  std::sort(own.begin(), own.end(), [](const auto& left, const auto& right) {
    const auto key = [](const project::PresentContainer& container) {
      return std::tie(container.one_off, container.service, container.number, container.name);
    };
    return key(left.first) < key(right.first);
  });
  for (auto& entry : own) {
    containers.push_back(std::move(entry.second));
  }
  return containers;
}

}  // namespace dunnage
