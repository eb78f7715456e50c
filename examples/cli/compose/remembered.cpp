// SPDX-License-Identifier: Apache-2.0
#include "remembered.hpp"

#include "containers.hpp"
#include "json.hpp"

#include <dunnage/project_plan.hpp>

#include <sstream>
#include <stdexcept>

namespace cli {
namespace {

/// "db:service_healthy:false,cache:service_started:true", as far as these are there themselves.
Json dependencies_of(const std::string& label, const Json& services) {
  Json names = Json::array();
  std::istringstream list{label};
  for (std::string one; std::getline(list, one, ',');) {
    const std::string name = one.substr(0, one.find(':'));
    if (services.contains(name)) names.push_back(name);
  }
  return names;
}

Json services_of(const std::vector<dunnage::ContainerInfo>& containers) {
  Json services = Json::object();
  for (const auto& info : containers) {
    const std::string service = service_of(info);
    if (service.empty()) continue;
    if (info.image.empty()) {
      services[service]["x-dunnage"] = {{"rootfs", info.rootfs}};
    } else {
      services[service]["image"] = info.image;
    }
  }
  for (const auto& info : containers) {
    const std::string service = service_of(info);
    const Json names = dependencies_of(label_of(info, "com.docker.compose.depends_on"), services);
    if (!service.empty() && !names.empty()) services[service]["depends_on"] = names;
  }
  return services;
}

Json volumes_of(const Session& session, const std::string& project) {
  Json volumes = Json::object();
  for (const auto& volume : session.volumes().list({.labels = {{"com.docker.compose.project", project}}})) {
    const auto labels = volume.labels();
    const auto key = labels.find("com.docker.compose.volume");
    if (key != labels.end()) volumes[key->second] = {{"name", volume.name()}};
  }
  return volumes;
}

}  // namespace

dunnage::Project remembered_project(const Session& session, const std::string& name) {
  const auto containers = dunnage::project_containers(name, session.store_root());
  const Json services = services_of(containers);
  const Json volumes = volumes_of(session, name);
  if (services.empty() && volumes.empty()) {
    throw std::runtime_error{"there is no Compose file here, and nothing of a project \"" + name +
                             "\" in the store; name its file with -f"};
  }
  dunnage::ProjectSource source;
  source.text = Json{{"services", services}, {"volumes", volumes}}.dump();
  source.name = name;
  source.environment.emplace();
  source.interpolate = false;
  source.grants = dunnage::ProjectGrants::all();
  if (!containers.empty()) source.directory = label_of(containers.front(), "com.docker.compose.project.working_dir");
  return dunnage::Project::load(source);
}

}  // namespace cli
