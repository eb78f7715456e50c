// SPDX-License-Identifier: Apache-2.0
#include "apply.hpp"
#include "attach.hpp"
#include "compose.hpp"
#include "containers.hpp"
#include "up_flags.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>

namespace cli {
namespace {

constexpr int kInterrupted = 130;

struct ComposeUpFlags {
  UpFlags up{};
  bool detach = false;
  bool wait = false;
  bool no_color = false;
  bool no_prefix = false;
  bool timestamps = false;
};

/// As Docker Compose asks; without somebody to answer it the answer is no.
bool wants_new_volumes(const dunnage::ProjectPlan& plan) {
  bool any = false;
  for (const auto& step : plan) {
    if (step.kind != dunnage::ProjectStep::Kind::KeepVolume || step.changed.empty()) continue;
    if (isatty(STDIN_FILENO) == 0) return false;
    if (!confirmed("Volume \"" + step.subject +
                   "\" exists but doesn't match configuration in compose file. Recreate (data will be lost)?")) {
      return false;
    }
    any = true;
  }
  return any;
}

/// The services a plan is about: those that were named and what they depend on.
std::vector<std::string> containers_in(const dunnage::ProjectPlan& plan, const dunnage::Project& project) {
  using Kind = dunnage::ProjectStep::Kind;
  std::vector<std::string> names;
  for (const auto& step : plan) {
    const bool there = step.kind == Kind::CreateContainer || step.kind == Kind::KeepContainer ||
                       step.kind == Kind::StartContainer || step.kind == Kind::RestartContainer ||
                       step.kind == Kind::RecreateContainer;
    if (there && project.services().contains(step.service)) names.push_back(step.subject);
  }
  return names;
}

int up(const ComposeUpFlags& flags, const ProjectFlags& source, const Session& session) {
  Signals signals{SIGINT, SIGTERM, SIGHUP};
  const dunnage::Project project = source.load();
  dunnage::UpOptions options = flags.up.options(session.store_root());
  options.wait = flags.wait;
  auto plan = project.plan_up(options);
  if (!options.recreate_volumes && wants_new_volumes(plan)) {
    options.recreate_volumes = true;
    plan = project.plan_up(options);
  }
  const auto since = std::chrono::system_clock::now();
  const bool destroy = options.recreate_volumes || options.renew_anonymous_volumes;
  if (apply_plan(plan, destroy, signals)) {
    if (!flags.detach) apply_plan(project.plan_down({.remove = false, .store = options.store}), false);
    return kInterrupted;
  }
  if (flags.detach || flags.wait) return 0;
  Attached attached{.containers = containers_in(plan, project), .since = since};
  attached.style = {.color = !flags.no_color, .prefix = !flags.no_prefix, .timestamps = flags.timestamps};
  if (attached.containers.empty()) return 0;
  std::string names;
  const LogPrinter words{project.name(), {}, {}};
  for (const auto& name : attached.containers) names += (names.empty() ? "" : ", ") + words.short_name(name);
  std::cout << "Attaching to " << names << std::endl;
  dunnage::DownOptions down{.remove = false, .grace = options.grace, .store = options.store};
  for (const auto& step : plan) {
    if (!flags.up.services.empty() && project.services().contains(step.service) &&
        std::find(down.services.begin(), down.services.end(), step.service) == down.services.end()) {
      down.services.push_back(step.service);
    }
  }
  return attach(project, session, attached, down, signals);
}

}  // namespace

void add_compose_up(const Compose& compose) {
  CLI::App& command = compose.verb("up", "Create and start what the files describe");
  auto flags = std::make_shared<ComposeUpFlags>();
  flags->up.add_to(command);
  command.add_flag("-d,--detach", flags->detach, "Leave the containers running");
  command.add_flag("--wait", flags->wait, "With -d: until those with a health check are healthy");
  command.add_flag("--no-color", flags->no_color, "Logs without colours");
  command.add_flag("--no-log-prefix", flags->no_prefix, "Logs without names");
  command.add_flag("--timestamps", flags->timestamps, "Put its time before each line");
  compose.on_chosen(command, flags, up);
}

}  // namespace cli
