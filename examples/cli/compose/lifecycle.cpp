// SPDX-License-Identifier: Apache-2.0

// compose start, stop and restart: containers that are there, in the order of their dependencies.

#include "apply.hpp"
#include "compose.hpp"
#include "up_flags.hpp"

namespace cli {
namespace {

void stop(const dunnage::Project& project, const DownFlags& flags, const Session& session) {
  dunnage::DownOptions options = flags.options(session.store_root());
  options.remove = false;
  apply_plan(project.plan_down(options), false);
}

void start(const dunnage::Project& project, const DownFlags& flags, const Session& session) {
  apply_plan(project.plan_up(
                 {.services = flags.services, .dependencies = false, .create = false, .store = session.store_root()}),
             false);
}

using Verb = void (*)(const dunnage::Project&, const DownFlags&, const Session&);

void add_verb(const Compose& compose, const std::string& name, const std::string& description, bool stops, Verb verb) {
  CLI::App& command = compose.verb(name, description);
  auto flags = std::make_shared<DownFlags>();
  command.add_option("SERVICE", flags->services, "Only these")->type_name("");
  if (stops) {
    command.add_option("-t,--timeout", flags->seconds, "Seconds before a container that does not stop is killed");
  }
  on_chosen(command, compose.session, flags,
            [project = compose.project, &session = compose.session, verb](const DownFlags& chosen) {
              verb(project->load(true), chosen, session);
              return 0;
            });
}

}  // namespace

void add_compose_lifecycle(const Compose& compose) {
  add_verb(compose, "start", "Start containers that are there", false, start);
  add_verb(compose, "stop", "Stop containers, and keep them", true, stop);
  add_verb(compose, "restart", "Stop containers and start them again", true,
           [](const dunnage::Project& project, const DownFlags& flags, const Session& session) {
             stop(project, flags, session);
             start(project, flags, session);
           });
}

}  // namespace cli
