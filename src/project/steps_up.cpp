// SPDX-License-Identifier: Apache-2.0
#include "project/labels.hpp"
#include "project/steps.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace dunnage::project {
namespace {

void append(std::vector<ProjectStep>& steps, std::vector<ProjectStep> more) {
  std::move(more.begin(), more.end(), std::back_inserter(steps));
}

class UpSteps {
 public:
  UpSteps(const Wanted& wanted, const Present& present, const UpOptions& options)
      : wanted_{wanted}, present_{present}, options_{options} {}

  std::vector<ProjectStep> take() {
    check_options(wanted_, options_);
    services_ = chosen_services(wanted_, options_.services, options_.dependencies);
    std::vector<ProjectStep> steps;
    if (options_.create) {
      steps = volume_steps(wanted_, present_, services_, options_.recreate_volumes);
      for (const ProjectStep& step : steps) {
        if (step.kind == Kind::RecreateVolume) {
          renewed_.insert(step.subject);
        }
      }
    }
    for (const std::string& name : services_) {
      plan_service(wanted_.services.at(name));
    }
    plan_orphans();
    std::vector<ProjectStep> all = std::move(pulls_);
    append(all, std::move(steps));
    append(all, std::move(containers_));
    return all;
  }

 private:
  void plan_service(const Service& service) {
    std::map<unsigned, const PresentContainer*> places;
    std::vector<const PresentContainer*> surplus;
    const unsigned scale = options_.create ? scale_of(wanted_, options_, service) : 0;
    for (const PresentContainer& container : present_.containers) {
      if (container.service != service.name || container.one_off) {
        continue;
      }
      const bool fits = !options_.create || (container.number >= 1 && container.number <= scale);
      if (!fits || !places.emplace(container.number, &container).second) {
        surplus.push_back(&container);
      }
    }
    if (!options_.create) {
      return start_only(service, places);
    }
    check_dependencies(wanted_, present_, service);
    if (options_.prepare && is_named(service)) {
      return plan_pull(service, true);
    }
    bool fresh = false;
    for (unsigned number = 1; number <= scale; ++number) {
      const auto place = places.find(number);
      fresh = (place == places.end() ? create(service, number) : renew(service, *place->second)) || fresh;
    }
    for (const PresentContainer* container : surplus) {
      remove(*container, fmt::format("{} of \"{}\" {} wanted", scale, service.name, scale == 1 ? "is" : "are"));
    }
    plan_pull(service, fresh);
  }

  [[nodiscard]] bool is_named(const Service& service) const {
    return std::find(options_.services.begin(), options_.services.end(), service.name) != options_.services.end();
  }

  [[nodiscard]] bool is_recreated(const Service& service) const {
    return options_.services.empty() || is_named(service) ? options_.recreate : options_.recreate_dependencies;
  }

  void start_only(const Service& service, const std::map<unsigned, const PresentContainer*>& places) {
    if (places.empty() && !options_.services.empty()) {
      throw service_refusal(wanted_, service, "it has no container to start", make_error_code(errc::container_missing),
                            "bring it up instead");
    }
    for (const auto& [number, container] : places) {
      if (container->up()) {
        add(Kind::KeepContainer, *container, "it runs");
      } else {
        add(Kind::StartContainer, *container, why_it_does_not_run(*container));
      }
    }
  }

  bool create(const Service& service, unsigned number) {
    ProjectStep step{.kind = Kind::CreateContainer,
                     .subject = container_name(wanted_.name, service, number),
                     .service = service.name,
                     .number = number,
                     .reasons = {"it is not there"}};
    if (const auto other = present_.others.find(step.subject); other != present_.others.end()) {
      throw service_refusal(wanted_, service,
                            fmt::format("there is a container \"{}\" already, {}", step.subject,
                                        other->second.empty() ? "which is not of a project"
                                                              : fmt::format("of the project \"{}\"", other->second)),
                            make_error_code(errc::container_exists), "remove it, or set container_name");
    }
    add_remarks(service, step);
    changed_.insert(service.name);
    containers_.push_back(std::move(step));
    return true;
  }

  bool renew(const Service& service, const PresentContainer& container) {
    Difference found = difference(wanted_, present_, service, container);
    for (const auto& [target, volume] : named_mounts_of(wanted_, service)) {
      if (renewed_.contains(volume)) {
        found.reasons.push_back(fmt::format("its volume \"{}\" is made anew", volume));
      }
    }
    for (const SpecVolumesFrom& from : service.volumes_from) {
      if (from.service && recreated_.contains(from.container)) {
        found.reasons.push_back(fmt::format("it has the volumes of \"{}\", which is recreated", from.container));
      }
    }
    if (is_recreated(service)) {
      found.reasons.emplace_back("that was asked for");
    }
    if (found.reasons.empty() || options_.no_recreate) {
      keep(service, container, std::move(found));
      return false;
    }
    if (const std::string name = container_name(wanted_.name, service, container.number); name != container.name) {
      rename(service, container, name);
    } else {
      recreate(service, container, std::move(found));
    }
    return true;
  }

  /// It cannot take the place of one that is called otherwise.
  void rename(const Service& service, const PresentContainer& container, const std::string& name) {
    remove(container, fmt::format("it is to be called \"{}\"", name));
    create(service, container.number);
    recreated_.insert(service.name);
  }

  void recreate(const Service& service, const PresentContainer& container, Difference found) {
    ProjectStep step = step_for(Kind::RecreateContainer, container, {});
    step.changed = std::move(found.fields);
    step.reasons = std::move(found.reasons);
    if (options_.renew_anonymous_volumes) {
      step.lost = container.anonymous;
    } else if (!container.anonymous.empty()) {
      step.reasons.push_back(fmt::format("{} anonymous volume{} over by {} place", container.anonymous.size(),
                                         container.anonymous.size() == 1 ? " is carried" : "s are carried",
                                         container.anonymous.size() == 1 ? "its" : "their"));
    }
    add_remarks(service, step);
    containers_.push_back(std::move(step));
    changed_.insert(service.name);
    recreated_.insert(service.name);
  }

  void keep(const Service& service, const PresentContainer& container, Difference found) {
    if (!container.up()) {
      add(Kind::StartContainer, container, why_it_does_not_run(container));
    } else if (const auto cause = restart_cause(service)) {
      add(Kind::RestartContainer, container, *cause);
      changed_.insert(service.name);
    } else {
      add(Kind::KeepContainer, container,
          container.status == ContainerStatus::Paused ? "it is paused" : "it runs, as the files say");
    }
    ProjectStep& step = containers_.back();
    if (!found.reasons.empty()) {
      step.changed = std::move(found.fields);
      step.reasons = std::move(found.reasons);
      step.reasons.emplace_back("no_recreate keeps it as it is");
    }
  }

  [[nodiscard]] std::optional<std::string> restart_cause(const Service& service) const {
    for (const auto& [name, dependency] : service.depends_on) {
      if (dependency.restart && changed_.contains(name)) {
        return fmt::format("\"{}\", on which it depends, is not the one it knew", name);
      }
    }
    return std::nullopt;
  }

  void plan_pull(const Service& service, bool fresh) {
    if (service.rootfs) {
      return;
    }
    if (service.image.empty()) {
      if (fresh) {
        throw service_refusal(wanted_, service, "it has no image, and none is built here",
                              make_error_code(errc::not_supported),
                              "build one with another tool, load it, and name it with `image`");
      }
      return;
    }
    const PullPolicy policy = options_.pull.value_or(service.pull);
    const bool here = present_.images.contains(service.image);
    const bool wanted = policy == PullPolicy::Always || (!here && fresh);
    if (!wanted || !pulled_.insert(service.image).second) {
      return;
    }
    if (policy == PullPolicy::Never) {
      throw service_refusal(wanted_, service,
                            fmt::format("there is no image \"{}\", and {}", service.image,
                                        options_.pull ? "none is pulled" : "pull_policy is never"),
                            make_error_code(errc::image_missing), "load it, or choose another pull policy");
    }
    pulls_.push_back({.kind = Kind::PullImage,
                      .subject = service.image,
                      .service = service.name,
                      .reasons = {here ? "it is pulled each time" : "it is not in the store"}});
  }

  void plan_orphans() {
    if (!options_.create || (options_.prepare && !options_.remove_orphans)) {
      return;
    }
    for (const PresentContainer& container : present_.containers) {
      if (container.one_off || has_service(wanted_, container.service)) {
        continue;
      }
      const std::string reason = fmt::format("the project has no service \"{}\" any more", container.service);
      if (options_.remove_orphans) {
        remove(container, reason);
      } else {
        add(Kind::KeepContainer, container, reason + "; remove_orphans removes it");
      }
    }
  }

  void remove(const PresentContainer& container, const std::string& reason) {
    if (container.up()) {
      add(Kind::StopContainer, container, reason);
    }
    add(Kind::RemoveContainer, container, reason);
    keep_anonymous(container, containers_);
  }

  void add(Kind kind, const PresentContainer& container, std::string reason) {
    containers_.push_back(step_for(kind, container, std::move(reason)));
  }

  const Wanted& wanted_;
  const Present& present_;
  const UpOptions& options_;
  std::vector<std::string> services_;
  std::set<std::string> renewed_;    ///< volumes
  std::set<std::string> changed_;    ///< services with a container that is another one, or started anew
  std::set<std::string> recreated_;  ///< services
  std::set<std::string> pulled_;
  std::vector<ProjectStep> pulls_;
  std::vector<ProjectStep> containers_;
};

}  // namespace

std::vector<ProjectStep> steps_up(const Wanted& wanted, const Present& present, const UpOptions& options) {
  return UpSteps{wanted, present, options}.take();
}

}  // namespace dunnage::project
