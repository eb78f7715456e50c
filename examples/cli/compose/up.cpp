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
#include <stdexcept>
#include <utility>

namespace cli {
namespace {

constexpr int kInterrupted = 130;

struct ComposeUpFlags {
  UpFlags up{};
  std::vector<std::string> attach{};
  std::vector<std::string> no_attach{};
  std::string exit_code_from{};
  std::optional<unsigned> wait_seconds{};
  bool detach = false;
  bool wait = false;
  bool abort_on_exit = false;
  bool abort_on_failure = false;
  bool attach_dependencies = false;
  bool no_start = false;
  bool watch = false;
  bool quiet_pull = false;
  bool quiet_build = false;
  bool no_color = false;
  bool no_prefix = false;
  bool timestamps = false;

  [[nodiscard]] OnExit on_exit() const {
    if (abort_on_failure) return OnExit::StopIfFailed;
    return abort_on_exit || !exit_code_from.empty() ? OnExit::Stop : OnExit::Nothing;
  }
};

void check(const ComposeUpFlags& flags) {
  if (flags.no_start) {
    throw std::invalid_argument{"--no-start: a container is started when it is made; see what would be made with plan"};
  }
  if (flags.watch) throw std::invalid_argument{"--watch: sources are not watched; run up -d again after a change"};
  if (flags.abort_on_failure && flags.abort_on_exit) {
    throw std::invalid_argument{"--abort-on-container-failure cannot be combined with --abort-on-container-exit"};
  }
  const bool follows = flags.on_exit() != OnExit::Nothing || flags.attach_dependencies || !flags.attach.empty();
  if (follows && (flags.wait || flags.detach)) {
    throw std::invalid_argument{std::string{flags.wait ? "--wait" : "--detach"} +
                                " cannot be combined with --abort-on-container-exit, --abort-on-container-failure, "
                                "--exit-code-from, --attach or --attach-dependencies"};
  }
}

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

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The containers a plan is about: those of the services that were named and of what they depend on.
std::vector<std::pair<std::string, std::string>> containers_in(const dunnage::ProjectPlan& plan,
                                                               const dunnage::Project& project) {
  using Kind = dunnage::ProjectStep::Kind;
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& step : plan) {
    const bool there = step.kind == Kind::CreateContainer || step.kind == Kind::KeepContainer ||
                       step.kind == Kind::StartContainer || step.kind == Kind::RestartContainer ||
                       step.kind == Kind::RecreateContainer;
    if (there && project.services().contains(step.service)) names.emplace_back(step.subject, step.service);
  }
  return names;
}

/// Whose logs are shown: as Docker Compose chooses.
bool is_shown(const ComposeUpFlags& flags, const std::string& service) {
  if (contains(flags.no_attach, service)) return false;
  if (!flags.attach.empty()) return contains(flags.attach, service);
  return flags.attach_dependencies || flags.up.services.empty() || contains(flags.up.services, service);
}

Attached attached_to(const ComposeUpFlags& flags, const dunnage::ProjectPlan& plan, const dunnage::Project& project) {
  Attached attached;
  for (const auto& [container, service] : containers_in(plan, project)) {
    attached.containers.push_back(container);
    if (is_shown(flags, service)) attached.shown.push_back(container);
    if (service == flags.exit_code_from) attached.code_from.push_back(container);
  }
  attached.on_exit = flags.on_exit();
  attached.style = {.color = !flags.no_color, .prefix = !flags.no_prefix, .timestamps = flags.timestamps};
  return attached;
}

int follow(const ComposeUpFlags& flags, const dunnage::ProjectPlan& plan, const dunnage::Project& project,
           const Session& session, Attached attached, Signals& signals) {
  if (attached.containers.empty()) return 0;
  std::string names;
  const LogPrinter words{project.name(), {}, {}};
  for (const auto& name : attached.shown) names += (names.empty() ? "" : ", ") + words.short_name(name);
  std::cout << "Attaching to " << names << std::endl;
  const dunnage::UpOptions options = flags.up.options(session.store_root());
  dunnage::DownOptions down{.remove = false, .grace = options.grace, .store = options.store};
  for (const auto& [container, service] : containers_in(plan, project)) {
    if (!flags.up.services.empty() && !contains(down.services, service)) down.services.push_back(service);
  }
  return attach(project, session, attached, down, signals);
}

int up(const ComposeUpFlags& flags, const ProjectFlags& source, const Session& session) {
  check(flags);
  dunnage::UpOptions options = flags.up.options(session.store_root());
  options.wait = flags.wait;
  Signals signals{SIGINT, SIGTERM, SIGHUP};
  const dunnage::Project project = source.load_aloud(flags.up.services);
  for (const auto* names : {&flags.attach, &flags.no_attach}) {
    for (const auto& name : *names) (void)project.service(name);
  }
  if (!flags.exit_code_from.empty()) (void)project.service(flags.exit_code_from);
  auto plan = project.plan_up(options);
  if (!options.recreate_volumes && wants_new_volumes(plan)) {
    options.recreate_volumes = true;
    plan = project.plan_up(options);
  }
  Attached attached = attached_to(flags, plan, project);
  attached.since = std::chrono::system_clock::now();
  const bool destroy = options.recreate_volumes || options.renew_anonymous_volumes;
  if (apply_plan(plan, {destroy, flags.quiet_pull, flags.wait ? flags.wait_seconds : std::nullopt}, signals)) {
    if (!flags.detach) apply_plan(project.plan_down({.remove = false, .store = options.store}));
    return kInterrupted;
  }
  if (flags.detach || flags.wait) return 0;
  return follow(flags, plan, project, session, std::move(attached), signals);
}

struct ScaleFlags {
  std::vector<std::string> counts{};
  bool no_dependencies = false;
};

int scale(const ScaleFlags& flags, const ProjectFlags& source, const Session& session) {
  dunnage::UpOptions options{.dependencies = !flags.no_dependencies, .store = session.store_root()};
  for (const auto& text : flags.counts) {
    const auto [service, count] = parse_scale(text);
    options.services.push_back(service);
    options.scale.insert_or_assign(service, count);
  }
  apply_plan(source.load(options.services).plan_up(options));
  return 0;
}

}  // namespace

void add_compose_up(const Compose& compose) {
  CLI::App& command = compose.verb("up", "Create and start what the files describe");
  auto flags = std::make_shared<ComposeUpFlags>();
  flags->up.add_to(command);
  command.add_flag("-d,--detach", flags->detach, "Leave the containers running");
  command.add_flag("--wait", flags->wait, "As -d, and until those with a health check are healthy");
  command.add_option("--wait-timeout", flags->wait_seconds, "With --wait: seconds until it gives up");
  command.add_flag("--abort-on-container-exit", flags->abort_on_exit,
                   "Stop all when one of them ends; exits as it did");
  command.add_flag("--abort-on-container-failure", flags->abort_on_failure, "Stop all when one of them fails");
  command
      .add_option("--exit-code-from", flags->exit_code_from,
                  "Exit as the container of this service; with --abort-on-container-exit unless another is said")
      ->type_name("SERVICE");
  add_repeated(command, "--attach", flags->attach, "Show the logs of these services alone")->type_name("SERVICE");
  add_repeated(command, "--no-attach", flags->no_attach, "Show no logs of these services")->type_name("SERVICE");
  command.add_flag("--attach-dependencies", flags->attach_dependencies,
                   "Show the logs of what the named services depend on, too");
  command.add_flag("--quiet-pull", flags->quiet_pull, "Without progress of images");
  command.add_flag("--quiet-build", flags->quiet_build, "As it is anyway");
  command.add_flag("--no-start", flags->no_start, "Refused: a container is started when it is made");
  command.add_flag("-w,--watch", flags->watch, "Refused: sources are not watched");
  command.add_flag("--no-color", flags->no_color, "Logs without colours");
  command.add_flag("--no-log-prefix", flags->no_prefix, "Logs without names");
  command.add_flag("--timestamps", flags->timestamps, "Put its time before each line");
  compose.on_chosen(command, flags, up);
}

void add_compose_scale(const Compose& compose) {
  CLI::App& command = compose.verb("scale", "Set how many containers services have");
  auto flags = std::make_shared<ScaleFlags>();
  command.add_option("SERVICE=NUMBER", flags->counts, "Services, and how many of each")->required()->type_name("");
  command.add_flag("--no-deps", flags->no_dependencies, "Without what they depend on");
  compose.on_chosen(command, flags, scale);
}

}  // namespace cli
