// SPDX-License-Identifier: Apache-2.0
#include "project/wanted.hpp"

#include "error/nearest.hpp"
#include "image/digest.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace dunnage::project {
namespace {

using Json = nlohmann::ordered_json;

LaunchError unknown_service(const Wanted& wanted, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& entry : wanted.services) {
    known.push_back(entry.first);
  }
  if (const auto disabled = wanted.disabled.find(name); disabled != wanted.disabled.end()) {
    return refusal(wanted.name, fmt::format("service \"{}\"", name), "no profile that is used enables it",
                   make_error_code(errc::invalid_argument),
                   fmt::format("enable its profile \"{}\"", disabled->second.front()));
  }
  const auto near = error::nearest(name, known);
  return refusal(
      wanted.name, fmt::format("service \"{}\"", name), "there is no such service",
      make_error_code(errc::invalid_argument),
      near ? fmt::format("did you mean \"{}\"?", *near) : fmt::format("its services are {}", fmt::join(known, ", ")));
}

/// Go writes these as \u003c and so on, whatever they are in.
std::string as_go_writes(const Json& json) {
  std::string text;
  for (const char character : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (character == '<' || character == '>' || character == '&') {
      text += fmt::format("\\u{:04x}", static_cast<unsigned>(character));
    } else {
      text += character;
    }
  }
  return text;
}

}  // namespace

bool has_service(const Wanted& wanted, const std::string& name) {
  return wanted.services.contains(name) || wanted.disabled.contains(name);
}

std::vector<std::string> chosen_services(const Wanted& wanted, const std::vector<std::string>& names,
                                         bool dependencies) {
  std::set<std::string> chosen;
  std::vector<std::string> waiting = names;
  while (!waiting.empty()) {
    const std::string name = std::move(waiting.back());
    waiting.pop_back();
    const auto service = wanted.services.find(name);
    if (service == wanted.services.end()) {
      throw unknown_service(wanted, name);
    }
    if (!chosen.insert(name).second || !dependencies) {
      continue;
    }
    for (const auto& [other, dependency] : service->second.depends_on) {
      if (wanted.services.contains(other)) {
        waiting.push_back(other);
      }
    }
  }
  std::vector<std::string> result;
  for (const std::string& name : wanted.order) {
    if (names.empty() || chosen.contains(name)) {
      result.push_back(name);
    }
  }
  return result;
}

std::map<std::string, std::string> named_mounts_of(const Wanted& wanted, const Service& service) {
  std::map<std::string, std::string> mounts;
  for (const SpecMount& mount : service.volumes) {
    if (mount.type != SpecType::Volume || mount.anonymous || mount.source.empty()) {
      continue;
    }
    const auto declared = wanted.volumes.find(mount.source);
    mounts[mount.target] = declared != wanted.volumes.end() ? declared->second.name
                           : !mount.engine_name.empty()     ? mount.engine_name
                                                            : mount.source;
  }
  return mounts;
}

std::set<std::string> volumes_of(const Wanted& wanted, const std::vector<std::string>& services) {
  std::set<std::string> keys;
  for (const std::string& name : services) {
    for (const SpecMount& mount : wanted.services.at(name).volumes) {
      if (mount.type == SpecType::Volume && wanted.volumes.contains(mount.source)) {
        keys.insert(mount.source);
      }
    }
  }
  return keys;
}

std::string container_name(const std::string& project, const Service& service, unsigned number) {
  return service.container_name.empty() ? fmt::format("{}-{}-{}", project, service.name, number)
                                        : service.container_name;
}

std::string hash_of(const ProjectVolume& volume) {
  Json json = Json::object();
  if (!volume.name.empty()) {
    json["name"] = volume.name;
  }
  json["driver"] = volume.driver.empty() ? "local" : volume.driver;
  if (!volume.driver_options.empty()) {
    json["driver_opts"] = volume.driver_options;
  }
  if (volume.external) {
    json["external"] = true;
  }
  if (!volume.labels.empty()) {
    json["labels"] = volume.labels;
  }
  return image::digest_of(as_go_writes(json)).substr(image::kAlgorithm.size());
}

LaunchError refusal(const std::string& project, const std::string& subject, std::string cause, std::error_code code,
                    std::string remedy) {
  return LaunchError{{.stage = Stage::Resolve,
                      .operation = "plan project",
                      .subject = project,
                      .detail = subject,
                      .cause = std::move(cause),
                      .code = code,
                      .remedy = std::move(remedy)}};
}

}  // namespace dunnage::project
