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

/// "it has ended: exited with 1"
std::string why_it_does_not_run(const PresentContainer& container) {
  if (container.status == ContainerStatus::Created) {
    return "it was never started";
  }
  return fmt::format("it has ended{}", container.exit ? ": " + container.exit->to_string() : std::string{});
}

class UpSteps {
 public:
  UpSteps(const Wanted& wanted, const Present& present, const UpOptions& options)
      : wanted_{wanted}, present_{present}, options_{options} {}

  std::vector<ProjectStep> take() {
    check_options();
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
  [[nodiscard]] LaunchError refused(const Service& service, std::string cause, std::error_code code,
                                    std::string remedy) const {
    return refusal(wanted_.name, fmt::format("service \"{}\"", service.name), std::move(cause), code,
                   std::move(remedy));
  }

  void check_options() const {
    if (options_.no_recreate && (options_.recreate || options_.renew_anonymous_volumes)) {
      throw refusal(wanted_.name, {}, "no_recreate keeps what recreate and renew_anonymous_volumes make anew",
                    make_error_code(errc::invalid_argument), "leave one of them out");
    }
    for (const auto& [name, count] : options_.scale) {
      (void)chosen_services(wanted_, {name}, false);
    }
  }

  [[nodiscard]] unsigned scale_of(const Service& service) const {
    const auto asked = options_.scale.find(service.name);
    const unsigned scale = asked == options_.scale.end() ? service.scale : asked->second;
    constexpr unsigned kMostContainers = 1000;
    if (scale > kMostContainers) {
      throw refused(service, fmt::format("{} containers of one service are more than {}", scale, kMostContainers),
                    make_error_code(errc::limit_exceeded), "scale it to fewer");
    }
    if (scale > 1 && !service.container_name.empty()) {
      throw refused(service,
                    fmt::format("its {} containers cannot all be called \"{}\"", scale, service.container_name),
                    make_error_code(errc::invalid_argument), "leave container_name out, or scale it to 1");
    }
    return scale;
  }

  void plan_service(const Service& service) {
    std::map<unsigned, const PresentContainer*> places;
    std::vector<const PresentContainer*> surplus;
    const unsigned scale = options_.create ? scale_of(service) : 0;
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
    check_dependencies(service);
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

  void start_only(const Service& service, const std::map<unsigned, const PresentContainer*>& places) {
    if (places.empty() && !options_.services.empty()) {
      throw refused(service, "it has no container to start", make_error_code(errc::container_missing),
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
      throw refused(service,
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

  /// What the files ask and is done in another way.
  static void add_remarks(const Service& service, ProjectStep& step) {
    if (service.restart == "unless-stopped") {
      step.reasons.emplace_back(
          "restart: unless-stopped is always here: after the machine has been down nothing starts "
          "by itself");
    }
    if (service.stdin_open) {
      step.reasons.emplace_back("stdin_open: its input stays open until it is started again, and nobody writes to it");
    }
    if (service.tty) {
      step.reasons.emplace_back("tty: its output goes to its log instead, as nobody is attached to it for good");
    }
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
    if (options_.recreate) {
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

  /// A wait that could never end well is refused before anything is done.
  void check_dependencies(const Service& service) const {
    for (const auto& [name, dependency] : service.depends_on) {
      const auto other = wanted_.services.find(name);
      if (dependency.condition != ServiceDependency::Condition::Healthy || other == wanted_.services.end()) {
        continue;
      }
      const bool known =
          other->second.healthcheck || other->second.rootfs || present_.images.contains(other->second.image);
      if (known && !check_of(present_, other->second)) {
        throw refused(service, fmt::format("it waits for \"{}\" to be healthy, which has no health check", name),
                      make_error_code(errc::invalid_argument),
                      fmt::format("give \"{}\" a healthcheck, or wait for service_started", name));
      }
    }
  }

  void plan_pull(const Service& service, bool fresh) {
    if (service.rootfs) {
      return;
    }
    if (service.image.empty()) {
      if (fresh) {
        throw refused(service, "it has no image, and none is built here", make_error_code(errc::not_supported),
                      "build one with another tool, load it, and name it with `image`");
      }
      return;
    }
    const bool here = present_.images.contains(service.image);
    const bool wanted = service.pull == PullPolicy::Always || (!here && fresh);
    if (!wanted || !pulled_.insert(service.image).second) {
      return;
    }
    if (service.pull == PullPolicy::Never) {
      throw refused(service, fmt::format("there is no image \"{}\", and pull_policy is never", service.image),
                    make_error_code(errc::image_missing), "load it, or set another pull_policy");
    }
    pulls_.push_back({.kind = Kind::PullImage,
                      .subject = service.image,
                      .service = service.name,
                      .reasons = {here ? "pull_policy is always" : "it is not in the store"}});
  }

  void plan_orphans() {
    if (!options_.create || options_.prepare) {
      return;
    }
    for (const PresentContainer& container : present_.containers) {
      if (container.one_off || wanted_.services.contains(container.service)) {
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

std::optional<Healthcheck> check_of(const Present& present, const Service& service) {
  std::optional<Healthcheck> check = service.healthcheck;
  if (const auto image = present.image_checks.find(service.image); image != present.image_checks.end()) {
    if (!check) {
      check = image->second;
    } else if (check->test.empty()) {
      check->test = image->second.test;
    }
  }
  const bool none = !check || check->test.empty() || check->test.front() == "NONE";
  return none ? std::nullopt : check;
}

ProjectStep step_for(Kind kind, const PresentContainer& container, std::string reason) {
  ProjectStep step{.kind = kind, .subject = container.name, .service = container.service, .number = container.number};
  if (!reason.empty()) {
    step.reasons.push_back(std::move(reason));
  }
  return step;
}

void keep_anonymous(const PresentContainer& container, std::vector<ProjectStep>& steps) {
  for (const std::string& name : container.anonymous) {
    steps.push_back({.kind = Kind::KeepVolume,
                     .subject = name,
                     .service = {},
                     .reasons = {fmt::format("it is an anonymous one of \"{}\"; no container will find it again, and "
                                             "pruning volumes removes it",
                                             container.name)}});
  }
}

}  // namespace dunnage::project
