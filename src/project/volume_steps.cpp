// SPDX-License-Identifier: Apache-2.0
#include "model/compose_labels.hpp"
#include "project/labels.hpp"
#include "project/steps.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dunnage::project {
namespace {

std::string label_of(const VolumeInfo& info, const char* name) {
  const auto found = info.labels.find(name);
  return found == info.labels.end() ? std::string{} : found->second;
}

/// In which words of its configuration a volume is not what the files say. The labels that Compose adds do not count.
std::vector<std::string> changed_fields(const ProjectVolume& wanted, const VolumeInfo& info) {
  std::vector<std::string> fields;
  if ((wanted.driver.empty() ? "local" : wanted.driver) != info.driver) {
    fields.emplace_back("driver");
  }
  if (wanted.driver_options != info.driver_options) {
    fields.emplace_back("driver_opts");
  }
  Labels own;
  for (const auto& [name, value] : info.labels) {
    if (!name.starts_with(model::kComposeLabels)) {
      own[name] = value;
    }
  }
  if (wanted.labels != own) {
    fields.emplace_back("labels");
  }
  return fields;
}

/// Who runs with a volume and is not stopped by what is planned.
std::vector<std::string> foreign_users(const Present& present, const PresentVolume& volume,
                                       const std::vector<std::string>& services) {
  std::vector<std::string> users;
  for (const std::string& user : volume.users) {
    const auto own = std::any_of(present.containers.begin(), present.containers.end(), [&](const auto& container) {
      return container.name == user && !container.one_off &&
             std::find(services.begin(), services.end(), container.service) != services.end();
    });
    if (!own) {
      users.push_back(user);
    }
  }
  return users;
}

class VolumeSteps {
 public:
  VolumeSteps(const Wanted& wanted, const Present& present, const std::vector<std::string>& services, bool recreate)
      : wanted_{wanted}, present_{present}, services_{services}, recreate_{recreate} {}

  ProjectStep of(const std::string& key, const ProjectVolume& volume) {
    const auto found = present_.volumes.find(volume.name);
    if (found == present_.volumes.end()) {
      return missing(key, volume);
    }
    const VolumeInfo& info = found->second.info;
    ProjectStep step{.kind = Kind::KeepVolume, .subject = volume.name, .service = key};
    if (volume.external) {
      step.reasons = {"it is external"};
    } else if (const std::string owner = label_of(info, label::kProject); owner.empty()) {
      step.reasons = {"it was there already and was not made by Compose; it is used as it is, so declare it external"};
    } else if (owner != wanted_.name) {
      step.reasons = {fmt::format("it is of the project \"{}\" and is used as it is; declare it external", owner)};
    } else {
      compare(key, volume, found->second, step);
    }
    return step;
  }

 private:
  ProjectStep missing(const std::string& key, const ProjectVolume& volume) const {
    if (volume.external) {
      throw refusal(wanted_.name, fmt::format("volume \"{}\"", key),
                    fmt::format("external volume \"{}\" not found", volume.name), make_error_code(errc::volume_missing),
                    "create it, or leave out `external` to have it made");
    }
    return {.kind = Kind::CreateVolume, .subject = volume.name, .service = key, .reasons = {"it is not there"}};
  }

  void compare(const std::string& key, const ProjectVolume& volume, const PresentVolume& present, ProjectStep& step) {
    const std::string hash = label_of(present.info, label::kConfigHash);
    if (hash.empty() || hash == hash_of(volume)) {
      step.reasons = {hash.empty() ? "it does not say how it was configured, so it is left alone"
                                   : "it is there, as the files say"};
      return;
    }
    step.changed = changed_fields(volume, present.info);
    if (!recreate_) {
      step.reasons = {
          "its configuration in the files is another one by now; it is kept as it is, because making it "
          "anew would destroy its data"};
      return;
    }
    if (present.info.is_protected) {
      throw refusal(wanted_.name, fmt::format("volume \"{}\"", key), "it cannot be made anew, for it is protected",
                    make_error_code(errc::volume_protected),
                    "take the protection off with update() (volume update --unprotect) first");
    }
    if (const auto users = foreign_users(present_, present, services_); !users.empty()) {
      throw refusal(wanted_.name, fmt::format("volume \"{}\"", key),
                    fmt::format("it cannot be made anew while \"{}\" uses it", fmt::join(users, "\", \"")),
                    make_error_code(errc::volume_in_use), "stop what uses it first");
    }
    step.kind = Kind::RecreateVolume;
    step.reasons = {"its configuration in the files is another one by now, and making it anew was asked for"};
    step.lost = {volume.name};
  }

  const Wanted& wanted_;
  const Present& present_;
  const std::vector<std::string>& services_;
  bool recreate_;
};

}  // namespace

std::vector<ProjectStep> volume_steps(const Wanted& wanted, const Present& present,
                                      const std::vector<std::string>& services, bool recreate) {
  std::vector<ProjectStep> steps;
  VolumeSteps planner{wanted, present, services, recreate};
  for (const std::string& key : volumes_of(wanted, services)) {
    steps.push_back(planner.of(key, wanted.volumes.at(key)));
  }
  return steps;
}

}  // namespace dunnage::project
