// SPDX-License-Identifier: Apache-2.0

// compose start, stop and restart: containers that are there, in the order of their dependencies.

#include "apply.hpp"
#include "compose.hpp"
#include "up_flags.hpp"

namespace cli {
namespace {

struct LifecycleFlags {
  DownFlags down{};
  bool wait = false;
  bool no_dependencies = false;
};

void stop(const LifecycleFlags& flags, const dunnage::Project& project, const Session& session) {
  dunnage::DownOptions options = flags.down.options(session.store_root());
  options.remove = false;
  apply_plan(project.plan_down(options));
}

void start(const LifecycleFlags& flags, const dunnage::Project& project, const Session& session) {
  const dunnage::UpOptions options{.services = flags.down.services,
                                   .dependencies = false,
                                   .create = false,
                                   .wait = flags.wait,
                                   .store = session.store_root()};
  apply_plan(project.plan_up(options));
}

void restart(const LifecycleFlags& flags, const dunnage::Project& project, const Session& session) {
  stop(flags, project, session);
  start(flags, project, session);
}

using Verb = void (*)(const LifecycleFlags&, const dunnage::Project&, const Session&);

std::pair<CLI::App*, std::shared_ptr<LifecycleFlags>> add_verb(const Compose& compose, const std::string& name,
                                                               const std::string& description, Verb verb) {
  CLI::App& command = compose.verb(name, description);
  auto flags = std::make_shared<LifecycleFlags>();
  command.add_option("SERVICE", flags->down.services, "Only these")->type_name("");
  compose.on_chosen(command, flags,
                    [verb](const LifecycleFlags& chosen, const ProjectFlags& source, const Session& session) {
                      verb(chosen, source.load_or_remember(session, chosen.down.services), session);
                      return 0;
                    });
  return {&command, flags};
}

void add_grace(CLI::App& command, LifecycleFlags& flags) {
  command.add_option("-t,--timeout", flags.down.seconds, "Seconds before a container that does not stop is killed");
}

}  // namespace

void add_compose_lifecycle(const Compose& compose) {
  const auto [starting, start_flags] = add_verb(compose, "start", "Start containers that are there", start);
  starting->add_flag("--wait", start_flags->wait, "Until those with a health check are healthy");
  const auto [stopping, stop_flags] = add_verb(compose, "stop", "Stop containers, and keep them", stop);
  add_grace(*stopping, *stop_flags);
  const auto [restarting, restart_flags] =
      add_verb(compose, "restart", "Stop containers and start them again", restart);
  add_grace(*restarting, *restart_flags);
  restarting->add_flag("--no-deps", restart_flags->no_dependencies, "As it is anyway");
}

}  // namespace cli
