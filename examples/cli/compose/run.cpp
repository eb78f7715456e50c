// SPDX-License-Identifier: Apache-2.0

// compose run: a one-off container of a service, in the foreground unless told otherwise.

#include "apply.hpp"
#include "compose.hpp"
#include "environment.hpp"
#include "foreground.hpp"
#include "labels.hpp"
#include "up_flags.hpp"

#include <dunnage/error.hpp>
#include <dunnage/mount_set.hpp>

#include <unistd.h>

#include <iostream>
#include <stdexcept>

namespace cli {
namespace {

struct ComposeRunFlags {
  std::vector<std::string> variables{};
  std::string name{};
  std::string user{};
  std::string working_directory{};
  std::string entrypoint{};
  bool remove = false;
  bool detach = false;
  bool no_terminal = false;
  bool no_dependencies = false;
  std::vector<std::string> variable_files{};
  std::vector<std::string> volumes{};
  std::vector<std::string> labels{};
  std::vector<std::string> add_capabilities{};
  std::vector<std::string> drop_capabilities{};
  std::vector<std::string> ports{};
  std::string pull{};
  bool interactive = true;
  bool service_ports = false;
  bool build = false;
  bool aliases = false;
  bool quiet_pull = false;
  bool remove_orphans = false;
};

void check(const ComposeRunFlags& flags) {
  if (flags.build) throw std::invalid_argument{"--build: images are not built here"};
  if (!flags.ports.empty() || flags.service_ports) {
    throw std::invalid_argument{
        "--publish, --service-ports: no port of the host leads to a container; with network_mode: host it listens on "
        "the host itself"};
  }
}

/// `-v` over what the service says, at the same place.
void add_volumes(dunnage::LaunchSpec& spec, const std::vector<std::string>& texts) {
  auto& mounts = std::get<dunnage::MountSet>(spec.mounts);
  for (const auto& text : texts) {
    const dunnage::Mount mount = dunnage::parse_volume_flag(text);
    dunnage::MountSet rest;
    for (const auto& other : mounts) {
      if (target_of(other) != target_of(mount)) rest.add(other);
    }
    rest.add(mount);
    mounts = std::move(rest);
  }
}

dunnage::LaunchSpec spec_for(const ComposeRunFlags& flags, const dunnage::Project& project, const Session& session) {
  dunnage::LaunchSpec spec = one_off_spec(project, session.positional.front(), session.store_root());
  if (session.positional.size() > 1) spec.argv.assign(session.positional.begin() + 1, session.positional.end());
  for (const auto& file : flags.variable_files) add_variables_of(spec.env, file);
  for (const auto& text : flags.variables) add_variable(spec.env, text);
  for (const auto& [name, value] : parse_labels(flags.labels)) spec.labels.insert_or_assign(name, value);
  add_volumes(spec, flags.volumes);
  const auto append = [](std::vector<std::string>& to, const std::vector<std::string>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  append(spec.add_capabilities, flags.add_capabilities);
  append(spec.drop_capabilities, flags.drop_capabilities);
  if (!flags.name.empty()) spec.name = flags.name;
  if (!flags.user.empty()) spec.user = flags.user;
  if (!flags.working_directory.empty()) spec.cwd = flags.working_directory;
  if (!flags.entrypoint.empty()) spec.entrypoint = std::vector<std::string>{flags.entrypoint};
  spec.remove_on_exit = flags.remove;
  spec.terminal = false;
  if (flags.detach) {
    spec.lifetime = dunnage::Lifetime::Detached;
    spec.out = spec.err = dunnage::Stdio::log();
    return spec;
  }
  spec.terminal = flags.interactive && !flags.no_terminal && isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
  spec.in = flags.interactive ? dunnage::Stdio::inherit() : dunnage::Stdio::null();
  spec.out = spec.err = dunnage::Stdio::inherit();
  return spec;
}

/// What it depends on runs, and its volumes and image are there.
void prepare(const ComposeRunFlags& flags, const dunnage::Project& project, const Session& session) {
  apply_plan(project.plan_up({.services = {session.positional.front()},
                              .dependencies = !flags.no_dependencies,
                              .prepare = true,
                              .remove_orphans = flags.remove_orphans,
                              .pull = parse_pull(flags.pull),
                              .store = session.store_root()}),
             {.quiet_pull = flags.quiet_pull});
}

int run(const ComposeRunFlags& flags, const ProjectFlags& source, Session& session) {
  if (session.positional.empty()) {
    throw std::invalid_argument{"nothing to run; write dunnage compose run [OPTIONS] SERVICE [COMMAND [ARG...]]"};
  }
  check(flags);
  const dunnage::Project project = source.load_aloud({session.positional.front()});
  prepare(flags, project, session);
  session.runs_program = true;
  dunnage::LaunchSpec spec = spec_for(flags, project, session);
  if (flags.detach) {
    std::cout << dunnage::Container::launch(std::move(spec)).name() << '\n';
    return 0;
  }
  const bool interactive = spec.terminal;
  Foreground foreground;
  const auto container = dunnage::Container::launch(std::move(spec));
  foreground.follow(container, interactive);
  return container.wait().code();
}

}  // namespace

void add_compose_run(const Compose& compose) {
  CLI::App& command = compose.verb("run", "Run a one-off command in a new container of a service");
  auto flags = std::make_shared<ComposeRunFlags>();
  command.add_flag("--rm", flags->remove, "Remove the container at its end");
  command.add_flag("-d,--detach", flags->detach, "Print its name and leave it running");
  command.add_flag("-T,--no-tty", flags->no_terminal, "No terminal, also where there is one");
  command.add_flag("--no-deps", flags->no_dependencies, "Without what the service depends on");
  add_repeated(command, "-e,--env", flags->variables, "Environment: NAME=VALUE, or NAME for the value of this shell");
  add_repeated(command, "--env-from-file", flags->variable_files, "File with a variable a line")->type_name("FILE");
  add_repeated(command, "-v,--volume", flags->volumes, "Mount: [SOURCE:]TARGET[:OPTIONS]");
  add_repeated(command, "-l,--label", flags->labels, "KEY=VALUE");
  add_repeated(command, "--cap-add", flags->add_capabilities, "Capability to add")->type_name("NAME");
  add_repeated(command, "--cap-drop", flags->drop_capabilities, "Capability to drop")->type_name("NAME");
  command.add_option("--pull", flags->pull, "always, missing or never, instead of what the files say")
      ->type_name("POLICY");
  command.add_flag("--quiet-pull", flags->quiet_pull, "Without progress of images");
  command.add_flag("-i,--interactive,!--no-interactive", flags->interactive,
                   "With this terminal's input; so without it");
  command.add_flag("--build", flags->build, "Refused: images are not built here");
  add_repeated(command, "-p,--publish", flags->ports, "Refused: no port of the host leads to a container");
  command.add_flag("-P,--service-ports", flags->service_ports, "Refused likewise");
  command.add_flag("--use-aliases", flags->aliases, "Without effect: there is no network between containers");
  command.add_flag("--remove-orphans", flags->remove_orphans, "As with up");
  command.add_option("--name", flags->name, "Name of the container");
  command.add_option("-u,--user", flags->user, "user[:group], names or numbers");
  command.add_option("-w,--workdir", flags->working_directory, "Working directory");
  command.add_option("--entrypoint", flags->entrypoint, "In place of the service's and the image's");
  command.add_option("WORDS", compose.session.positional, "The service, and the program with its arguments")
      ->type_name("");
  compose.on_chosen(command, flags, run);
}

}  // namespace cli
