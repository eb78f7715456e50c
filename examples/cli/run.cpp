// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "foreground.hpp"
#include "launch_flags.hpp"

#include <iostream>
#include <stdexcept>

namespace cli {
namespace {

int run_detached(dunnage::LaunchSpec spec) {
  const auto container = dunnage::Container::launch(std::move(spec));
  std::cout << container.id() << '\n';
  return 0;
}

int run_in_foreground(dunnage::LaunchSpec spec, bool interactive) {
  require_terminal_for_input(interactive, spec.terminal);
  if (spec.terminal && !interactive) spec.in = dunnage::Stdio::null();
  Foreground foreground;
  const auto container = dunnage::Container::launch(std::move(spec));
  foreground.follow({.exit_fd = container.exit_fd(),
                     .terminal_fd = container.terminal_fd(),
                     .interactive = interactive,
                     .kill = [&container](int signal) { container.kill(signal); }});
  const dunnage::ExitStatus status = container.wait();
  if (status.launcher_lost()) complain("the helper process of the container was killed, and the container with it");
  return status.code();
}

int run(const LaunchFlags& flags, Session& session) {
  session.runs_program = true;
  if (session.positional.empty()) {
    throw std::invalid_argument{"nothing to run; write the program after the options: dunnage run [OPTIONS] PROGRAM"};
  }
  dunnage::LaunchSpec spec = flags.launch_spec(session.store_root());
  spec.argv = session.positional;
  return flags.detach ? run_detached(std::move(spec)) : run_in_foreground(std::move(spec), flags.interactive);
}

}  // namespace

void add_run(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "run", "Run a program in a new container");
  command.footer(
      "Exits as the program does (128 + the signal that killed it), with 125 when dunnage failed, 126 when the "
      "program\n"
      "cannot be executed, 127 when there is none.");
  auto flags = std::make_shared<LaunchFlags>();
  flags->add_to(command);
  command.add_option("PROGRAM", session.positional, "The program, looked up along PATH, and its arguments")
      ->type_name("");
  const auto act = [&session](const LaunchFlags& chosen) { return run(chosen, session); };
  on_chosen(command, session, flags, act, kLaunchFailure);
}

}  // namespace cli
