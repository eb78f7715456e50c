// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "environment.hpp"
#include "foreground.hpp"

#include <dunnage/container_store.hpp>

#include <stdexcept>

namespace cli {
namespace {

struct ExecFlags {
  EnvironmentFlags environment{};
  std::string working_directory{};
  std::string user{};
  bool interactive = false;
  bool terminal = false;
};

dunnage::ExecSpec exec_spec(const ExecFlags& flags, const std::vector<std::string>& positional) {
  dunnage::ExecSpec spec;
  spec.argv.assign(positional.begin() + 1, positional.end());
  spec.env = flags.environment.environment();
  spec.cwd = flags.working_directory;
  spec.user = flags.user;
  spec.terminal = flags.terminal;
  if (flags.interactive && !flags.terminal) spec.in = dunnage::Stdio::inherit();
  return spec;
}

int exec(const ExecFlags& flags, Session& session) {
  if (session.positional.size() < 2) {
    throw std::invalid_argument{"nothing to execute; write dunnage exec [OPTIONS] NAME PROGRAM"};
  }
  require_terminal_for_input(flags.interactive, flags.terminal);
  const dunnage::Container container = session.containers().get(session.positional.front());
  session.runs_program = true;
  Foreground foreground;
  const dunnage::Process process = container.exec(exec_spec(flags, session.positional));
  foreground.follow(process, flags.interactive);
  return process.wait().code();
}

}  // namespace

void add_exec(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "exec", "Run a further program in a running container");
  command.footer("Exits as the program does, with 126 when it cannot be executed, 127 when there is none.");
  auto flags = std::make_shared<ExecFlags>();
  flags->environment.add_to(command);
  command.add_option("-w,--workdir", flags->working_directory, "Working directory (default: the container's)");
  command.add_option("-u,--user", flags->user, "user[:group], names or numbers (default: the container's)");
  command.add_flag("-i,--interactive", flags->interactive, "Pass standard input to the program");
  command.add_flag("-t,--tty", flags->terminal, "Give the program a terminal");
  command.add_option("NAME", session.positional, "The container, the program and its arguments")->type_name("PROGRAM");
  on_chosen(command, session, flags, [&session](const ExecFlags& chosen) { return exec(chosen, session); });
}

}  // namespace cli
