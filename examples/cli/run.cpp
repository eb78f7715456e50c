// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "foreground.hpp"
#include "launch_flags.hpp"

#include <dunnage/error.hpp>

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace cli {
namespace {

void show_timings(const dunnage::Container& container) {
  if (!container.timings().empty()) std::cerr << container.timings() << '\n';
}

int run_detached(dunnage::LaunchSpec spec) {
  const auto container = dunnage::Container::launch(std::move(spec));
  std::cout << container.id() << '\n';
  show_timings(container);
  return 0;
}

int run_in_foreground(dunnage::LaunchSpec spec, bool interactive) {
  require_terminal_for_input(interactive, spec.terminal);
  if (spec.terminal && !interactive) spec.in = dunnage::Stdio::null();
  Foreground foreground;
  const auto container = dunnage::Container::launch(std::move(spec));
  foreground.follow(container, interactive);
  const dunnage::ExitStatus status = container.wait();
  show_timings(container);  // when nothing of the program's own comes any more
  if (status.launcher_lost()) complain("the helper process of the container was killed, and the container with it");
  if (status.oom_killed()) complain("memory ran out, and the kernel killed a process of the container");
  if (!status.cause().empty()) complain(status.cause());
  return status.code();
}

/// Whether this machine has a program of that name on its PATH.
bool is_program_here(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream directories{path == nullptr ? "" : path};
  for (std::string directory; std::getline(directories, directory, ':');) {
    if (access((directory + "/" + name).c_str(), X_OK) == 0) return true;
  }
  return false;
}

/// The image is named by the first word; what follows is for its program.
void take_image(const LaunchFlags& flags, const Session& session, dunnage::LaunchSpec& spec) {
  const std::string& name = session.positional.front();
  try {
    flags.image.fetch(name, session);
  } catch (const dunnage::ImageError& error) {
    // Somebody who wants a program of this machine has to say so.
    if (!is_program_here(name)) throw;
    throw std::runtime_error{std::string{error.what()} + "; for this machine's own " + name +
                             " write dunnage run --host " + name};
  }
  spec.rootfs = dunnage::Rootfs::image(name);
  spec.argv.assign(session.positional.begin() + 1, session.positional.end());
}

int run(const LaunchFlags& flags, Session& session) {
  session.runs_program = true;
  if (session.positional.empty()) {
    throw std::invalid_argument{
        "nothing to run; write dunnage run [OPTIONS] IMAGE [COMMAND [ARG...]], or dunnage run --host PROGRAM [ARG...]"};
  }
  dunnage::LaunchSpec spec = flags.launch_spec(session.store_root());
  if (flags.has_image()) {
    take_image(flags, session, spec);
  } else {
    spec.argv = session.positional;
  }
  return flags.detach ? run_detached(std::move(spec)) : run_in_foreground(std::move(spec), flags.interactive);
}

}  // namespace

void add_run(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "run", "Run an image, or a program, in a new container");
  command.footer(
      "Exits as the program does (128 + the signal that killed it), with 125 when dunnage failed, 126 when the "
      "program\n"
      "cannot be executed, 127 when there is none.");
  auto flags = std::make_shared<LaunchFlags>();
  flags->add_to(command);
  command.add_option("WORDS", session.positional, "The image and its arguments, or the program and its arguments")
      ->type_name("");
  const auto act = [&session](const LaunchFlags& chosen) { return run(chosen, session); };
  on_chosen(command, session, flags, act, kLaunchFailure);
}

}  // namespace cli
