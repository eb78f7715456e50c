// SPDX-License-Identifier: Apache-2.0
#include "project/labels.hpp"
#include "project/steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace dunnage::project {
namespace {

class DownSteps {
 public:
  DownSteps(const Wanted& wanted, const Present& present, const DownOptions& options)
      : wanted_{wanted}, present_{present}, options_{options} {}

  std::vector<ProjectStep> take() {
    services_ = chosen_services(wanted_, options_.services, false);
    std::reverse(services_.begin(), services_.end());
    plan_orphans();
    for (const std::string& name : services_) {
      for (const PresentContainer& container : present_.containers) {
        if (container.service == name && (options_.remove || !container.one_off)) {
          end(container, container.one_off ? "it is a one-off container of the service" : "");
        }
      }
    }
    if (options_.remove) {
      plan_volumes();
    }
    return std::move(steps_);
  }

 private:
  void end(const PresentContainer& container, const std::string& reason) {
    if (container.up()) {
      steps_.push_back(step_for(Kind::StopContainer, container, reason));
      gone_.insert(container.name);
    }
    if (!options_.remove) {
      if (!container.up()) {
        steps_.push_back(step_for(Kind::KeepContainer, container, "it does not run"));
      }
      return;
    }
    ProjectStep step = step_for(Kind::RemoveContainer, container, reason);
    if (options_.volumes) {
      step.lost = container.anonymous;
    }
    steps_.push_back(std::move(step));
    if (!options_.volumes) {
      keep_anonymous(container, steps_);
    }
  }

  void plan_orphans() {
    if (!options_.services.empty() || !options_.remove) {
      return;
    }
    for (const PresentContainer& container : present_.containers) {
      if (wanted_.services.contains(container.service)) {
        continue;
      }
      if (const auto disabled = wanted_.disabled.find(container.service); disabled != wanted_.disabled.end()) {
        steps_.push_back(step_for(Kind::KeepContainer, container,
                                  fmt::format("its service is disabled; the profile \"{}\" enables it",
                                              fmt::join(disabled->second, "\" or \""))));
        continue;
      }
      const std::string reason = fmt::format("the project has no service \"{}\" any more", container.service);
      if (options_.remove_orphans) {
        end(container, reason);
      } else {
        steps_.push_back(step_for(Kind::KeepContainer, container, reason + "; remove_orphans removes it"));
      }
    }
  }

  /// The volumes only what is taken down uses.
  [[nodiscard]] std::set<std::string> keys() const {
    std::set<std::string> keys;
    if (options_.services.empty()) {
      for (const auto& entry : wanted_.volumes) {
        keys.insert(entry.first);
      }
      return keys;
    }
    std::vector<std::string> others;
    for (const auto& entry : wanted_.services) {
      if (std::find(services_.begin(), services_.end(), entry.first) == services_.end()) {
        others.push_back(entry.first);
      }
    }
    const auto elsewhere = volumes_of(wanted_, others);
    for (const std::string& key : volumes_of(wanted_, services_)) {
      if (!elsewhere.contains(key)) {
        keys.insert(key);
      }
    }
    return keys;
  }

  void plan_volumes() {
    for (const std::string& key : keys()) {
      const ProjectVolume& volume = wanted_.volumes.at(key);
      const auto found = present_.volumes.find(volume.name);
      if (found == present_.volumes.end()) {
        continue;
      }
      ProjectStep step{.kind = Kind::KeepVolume, .subject = volume.name, .service = key};
      if (auto reason = why_kept(volume, found->second)) {
        step.reasons = {std::move(*reason)};
      } else {
        step.kind = Kind::RemoveVolume;
        step.reasons = {"removing volumes was asked for"};
        step.lost = {volume.name};
      }
      steps_.push_back(std::move(step));
    }
  }

  [[nodiscard]] std::optional<std::string> why_kept(const ProjectVolume& volume, const PresentVolume& present) const {
    if (volume.external) {
      return "it is external";
    }
    const auto owner = present.info.labels.find(label::kProject);
    if (owner == present.info.labels.end()) {
      return "it was not made by Compose";
    }
    if (owner->second != wanted_.name) {
      return fmt::format("it is of the project \"{}\"", owner->second);
    }
    if (!options_.volumes) {
      return "volumes stay unless removing them is asked for";
    }
    if (present.info.is_protected) {
      return "it is protected; take that off with update() (volume update --unprotect) to have it removed";
    }
    std::vector<std::string> users;
    std::copy_if(present.users.begin(), present.users.end(), std::back_inserter(users),
                 [&](const std::string& user) { return !gone_.contains(user); });
    if (!users.empty()) {
      return fmt::format("\"{}\" uses it", fmt::join(users, "\", \""));
    }
    return std::nullopt;
  }

  const Wanted& wanted_;
  const Present& present_;
  const DownOptions& options_;
  std::vector<std::string> services_;
  std::set<std::string> gone_;  ///< containers that run and will not
  std::vector<ProjectStep> steps_;
};

}  // namespace

std::vector<ProjectStep> steps_down(const Wanted& wanted, const Present& present, const DownOptions& options) {
  return DownSteps{wanted, present, options}.take();
}

}  // namespace dunnage::project
