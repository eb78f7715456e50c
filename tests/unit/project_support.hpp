// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Projects and what is present of them, made by hand.

#include "project/fields.hpp"
#include "project/labels.hpp"
#include "project/present.hpp"
#include "project/steps.hpp"
#include "project/wanted.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace dunnage::test {

/// A project of services that are named, each of an image of its name.
class ProjectMaker {
 public:
  explicit ProjectMaker(const std::vector<std::string>& names) {
    wanted.name = "shop";
    for (const std::string& name : names) {
      Service service;
      service.name = name;
      service.image = name;
      wanted.services[name] = service;
      wanted.order.push_back(name);
      present.images[name] = "sha256:" + name;
    }
    rehash();
  }

  Service& service(const std::string& name) { return wanted.services.at(name); }

  void volume(const std::string& key, const std::string& service, const std::string& target) {
    wanted.volumes[key] = {.name = "shop_" + key};
    SpecMount mount;
    mount.source = key;
    mount.target = target;
    wanted.services.at(service).volumes.push_back(mount);
  }

  /// The volume as applying would have made it.
  VolumeInfo& volume_there(const std::string& key) {
    const ProjectVolume& volume = wanted.volumes.at(key);
    VolumeInfo info;
    info.name = volume.name;
    info.labels = volume.labels;
    info.labels[project::label::kProject] = wanted.name;
    info.labels[project::label::kVolume] = key;
    info.labels[project::label::kConfigHash] = project::hash_of(volume);
    info.driver_options = volume.driver_options;
    return present.volumes.insert_or_assign(volume.name, project::PresentVolume{info}).first->second.info;
  }

  /// A digest of everything the service says, as the loader has one.
  void rehash() {
    for (const auto& [name, service] : wanted.services) {
      wanted.hashes[name] = project::encode_fields(project::fields_of(service));
    }
  }

  /// A container as applying would have made it of what the service says now.
  project::PresentContainer& running(const std::string& name, unsigned number = 1) {
    rehash();
    const Service& service = wanted.services.at(name);
    project::PresentContainer container;
    container.name = project::container_name(wanted.name, service, number);
    container.service = name;
    container.number = number;
    container.status = ContainerStatus::Running;
    container.image_id = "sha256:" + service.image;
    container.labels = {{project::label::kConfigHash, wanted.hashes.at(name)},
                        {project::label::kFields, project::encode_fields(project::fields_of(service))}};
    container.volumes = project::named_mounts_of(wanted, service);
    present.containers.push_back(container);
    return present.containers.back();
  }

  [[nodiscard]] std::vector<ProjectStep> up(const UpOptions& options = {}) {
    rehash();
    return project::steps_up(wanted, present, options);
  }
  [[nodiscard]] std::vector<ProjectStep> down(const DownOptions& options = {}) const {
    return project::steps_down(wanted, present, options);
  }

  project::Wanted wanted;
  project::Present present;
};

/// "create container shop-web-1", one for each step
[[nodiscard]] inline std::vector<std::string> words_of(const std::vector<ProjectStep>& steps) {
  std::vector<std::string> words;
  for (const ProjectStep& step : steps) {
    const std::string text = step.to_string();
    words.push_back(text.substr(0, text.find(": ")));
  }
  return words;
}

}  // namespace dunnage::test
