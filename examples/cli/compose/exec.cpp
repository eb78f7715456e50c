// SPDX-License-Identifier: Apache-2.0

// compose exec: a further program in a running container of a service.

#include "compose.hpp"
#include "containers.hpp"
#include "environment.hpp"
#include "foreground.hpp"

#include <unistd.h>

#include <stdexcept>

namespace cli {
namespace {

struct ComposeExecFlags {
  std::vector<std::string> variables{};
  std::string user{};
  std::string working_directory{};
  std::string index = "1";
  bool no_terminal = false;
  bool as_it_is = false;
};

int exec(const ComposeExecFlags& flags, const ProjectFlags& source, Session& session) {
  if (session.positional.size() < 2) {
    throw std::invalid_argument{"nothing to execute; write dunnage compose exec [OPTIONS] SERVICE COMMAND [ARG...]"};
  }
  const std::string name = container_for(session, source, session.positional.front(), flags.index, true).name;
  dunnage::ExecSpec spec;
  spec.argv.assign(session.positional.begin() + 1, session.positional.end());
  for (const auto& text : flags.variables) add_variable(spec.env, text);
  spec.user = flags.user;
  spec.cwd = flags.working_directory;
  spec.terminal = !flags.no_terminal && isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
  if (!spec.terminal) spec.in = dunnage::Stdio::inherit();
  const bool interactive = spec.terminal;
  const dunnage::Container container = session.containers().get(name);
  session.runs_program = true;
  Foreground foreground;
  const dunnage::Process process = container.exec(std::move(spec));
  foreground.follow(process, interactive);
  return process.wait().code();
}

}  // namespace

void add_compose_exec(const Compose& compose) {
  CLI::App& command = compose.verb("exec", "Run a further program in a running container of a service");
  auto flags = std::make_shared<ComposeExecFlags>();
  command.add_flag("-T,--no-tty", flags->no_terminal, "No terminal, also where there is one");
  command.add_flag("-i,--interactive,-t,--tty", flags->as_it_is, "As it is anyway");
  add_repeated(command, "-e,--env", flags->variables, "Environment: NAME=VALUE, or NAME for the value of this shell");
  command.add_option("--index", flags->index, "Which container of a scaled service (default: 1)");
  command.add_option("-u,--user", flags->user, "user[:group], names or numbers");
  command.add_option("-w,--workdir", flags->working_directory, "Working directory");
  command.add_option("WORDS", compose.session.positional, "The service, and the program with its arguments")
      ->type_name("");
  compose.on_chosen(command, flags, exec);
}

}  // namespace cli
