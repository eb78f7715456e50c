// SPDX-License-Identifier: Apache-2.0
#include "containers.hpp"

#include <algorithm>
#include <stdexcept>

namespace cli {

std::string label_of(const dunnage::ContainerInfo& info, const std::string& name) {
  const auto found = info.labels.find(name);
  return found == info.labels.end() ? std::string{} : found->second;
}

std::string service_of(const dunnage::ContainerInfo& info) { return label_of(info, "com.docker.compose.service"); }

bool is_one_off(const dunnage::ContainerInfo& info) { return label_of(info, "com.docker.compose.oneoff") == "True"; }

std::vector<dunnage::ContainerInfo> containers_of(const Session& session, const std::string& project,
                                                  const std::vector<std::string>& services) {
  auto all = dunnage::project_containers(project, session.store_root());
  if (services.empty()) return all;
  for (const auto& name : services) {
    const auto has = [&](const dunnage::ContainerInfo& info) { return service_of(info) == name; };
    if (std::none_of(all.begin(), all.end(), has)) {
      throw std::runtime_error{"no such service: " + name + " has no container in the project " + project};
    }
  }
  std::erase_if(all, [&](const dunnage::ContainerInfo& info) {
    return std::find(services.begin(), services.end(), service_of(info)) == services.end();
  });
  return all;
}

}  // namespace cli
