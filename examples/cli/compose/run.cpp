// SPDX-License-Identifier: Apache-2.0

// compose run: a one-off container of a service, in the foreground unless told otherwise.

#include "apply.hpp"
#include "compose.hpp"
#include "environment.hpp"
#include "foreground.hpp"

#include <dunnage/error.hpp>

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
};

dunnage::LaunchSpec spec_for(const ComposeRunFlags& flags, const dunnage::Project& project, const Session& session) {
  dunnage::LaunchSpec spec = one_off_spec(project, session.positional.front(), session.store_root());
  if (session.positional.size() > 1) spec.argv.assign(session.positional.begin() + 1, session.positional.end());
  for (const auto& text : flags.variables) add_variable(spec.env, text);
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
  spec.terminal = !flags.no_terminal && isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
  spec.in = dunnage::Stdio::inherit();
  spec.out = spec.err = dunnage::Stdio::inherit();
  return spec;
}

/// What it depends on runs, and its volumes and image are there.
void prepare(const ComposeRunFlags& flags, const dunnage::Project& project, const Session& session) {
  apply_plan(project.plan_up({.services = {session.positional.front()},
                              .dependencies = !flags.no_dependencies,
                              .prepare = true,
                              .store = session.store_root()}),
             false);
}

int run(const ComposeRunFlags& flags, const ProjectFlags& source, Session& session) {
  if (session.positional.empty()) {
    throw std::invalid_argument{"nothing to run; write dunnage compose run [OPTIONS] SERVICE [COMMAND [ARG...]]"};
  }
  const dunnage::Project project = source.load();
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
  command.add_option("--name", flags->name, "Name of the container");
  command.add_option("-u,--user", flags->user, "user[:group], names or numbers");
  command.add_option("-w,--workdir", flags->working_directory, "Working directory");
  command.add_option("--entrypoint", flags->entrypoint, "In place of the service's and the image's");
  command.add_option("WORDS", compose.session.positional, "The service, and the program with its arguments")
      ->type_name("");
  compose.on_chosen(command, flags, run);
}

}  // namespace cli
