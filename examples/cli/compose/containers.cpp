// SPDX-License-Identifier: Apache-2.0
#include "containers.hpp"

#include "container_words.hpp"

#include <algorithm>
#include <iostream>
#include <stdexcept>

namespace cli {

std::string label_of(const dunnage::ContainerInfo& info, const std::string& name) {
  const auto found = info.labels.find(name);
  return found == info.labels.end() ? std::string{} : found->second;
}

std::string service_of(const dunnage::ContainerInfo& info) { return label_of(info, "com.docker.compose.service"); }

bool is_one_off(const dunnage::ContainerInfo& info) { return label_of(info, "com.docker.compose.oneoff") == "True"; }

void tell(const std::string& container, const std::string& word) {
  std::cerr << " Container " + container + "  " + word + "\n" << std::flush;
}

dunnage::ContainerInfo container_for(const Session& session, const ProjectFlags& source, const std::string& service,
                                     const std::string& number, bool has_to_run) {
  const auto all = containers_of(session, source, {});
  const auto found = std::find_if(all.begin(), all.end(), [&](const dunnage::ContainerInfo& info) {
    return service_of(info) == service && !is_one_off(info) &&
           label_of(info, "com.docker.compose.container-number") == number && (!has_to_run || is_up(info.status));
  });
  if (found == all.end()) {
    throw std::runtime_error{"service \"" + service + "\" " +
                             (has_to_run ? "is not running" : "has no container " + number)};
  }
  return *found;
}

std::vector<dunnage::ContainerInfo> containers_of(const Session& session, const ProjectFlags& source,
                                                  const std::vector<std::string>& services) {
  return containers_of(session, source, source.project_name(), services);
}

std::vector<dunnage::ContainerInfo> containers_of(const Session& session, const ProjectFlags& source,
                                                  const std::string& project,
                                                  const std::vector<std::string>& services) {
  auto all = dunnage::project_containers(project, session.store_root());
  if (services.empty()) return all;
  for (const auto& name : services) {
    const auto has = [&](const dunnage::ContainerInfo& info) { return service_of(info) == name; };
    if (std::none_of(all.begin(), all.end(), has)) (void)source.load_or_remember(session, services).service(name);
  }
  std::erase_if(all, [&](const dunnage::ContainerInfo& info) {
    return std::find(services.begin(), services.end(), service_of(info)) == services.end();
  });
  return all;
}

}  // namespace cli
