// SPDX-License-Identifier: Apache-2.0

// dunnage: Docker's storage commands on the library's public interface, without a daemon. An example that is meant to
// be used. Each command is a file of its own; this one reads the command line and turns errors into exit codes.

#include "command.hpp"
#include "command_line.hpp"

#include <dunnage/error.hpp>
#include <dunnage/project.hpp>
#include <dunnage/version.hpp>

#include <algorithm>
#include <exception>
#include <iostream>

namespace {

void add_commands(CLI::App& app, cli::Session& session) {
  app.set_help_flag("--help", "Print this help and exit");
  app.set_version_flag("--version", "dunnage " DUNNAGE_VERSION);
  app.add_option("--store", session.store, "Directory of volumes and containers")->type_name("DIR")->take_last();
  app.require_subcommand(1);
  cli::add_run(app, session);
  cli::add_plan(app, session);
  cli::add_exec(app, session);
  cli::add_ps(app, session);
  cli::add_inspect(app, session);
  cli::add_logs(app, session);
  cli::add_lifecycle(app, session);
  cli::add_stats(app, session);
  cli::add_update(app, session);
  cli::add_live_mounts(app, session);
  cli::add_rm(app, session);
  cli::add_cp(app, session);
  cli::add_diff(app, session);
  cli::add_explain(app, session);
  cli::add_volume(app, session);
  cli::add_transaction(app, session);
  cli::add_image(app, session);
  cli::add_compose(app, session);
  cli::add_spec(app, session);
  cli::add_store(app, session);
  cli::add_support(app, session);
}

/// The words that lead to the chosen command: "dunnage volume ls".
std::string chosen_command(const CLI::App& app) {
  std::string words = "dunnage";
  for (const CLI::App* command = &app; !command->get_subcommands().empty();) {
    command = command->get_subcommands().front();
    words += ' ' + command->get_name();
  }
  return words;
}

/// What a command with commands of its own was given and has not.
std::vector<std::string> words_nobody_took(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return command->get_require_subcommand_min() > 0 ? command->remaining() : std::vector<std::string>{};
}

int wrong_usage(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
  const std::string command = chosen_command(app);
  const auto unknown = words_nobody_took(app);
  const std::string what = unknown.empty() ? error.what() : "there is no command or option \"" + unknown.front() + '"';
  cli::complain(what + "; see " + command + " --help");
  return command == "dunnage run" ? cli::kLaunchFailure : cli::kFailure;
}

int exit_code_of(const dunnage::Error& error, const cli::Session& session) {
  if (dynamic_cast<const dunnage::ProjectError*>(&error) != nullptr) {
    return error.code() == std::errc::no_such_file_or_directory ? cli::kNoProject : cli::kWrongProject;
  }
  if (!session.runs_program) return session.failure_code;
  if (error.code() == dunnage::errc::program_missing) return cli::kProgramMissing;
  if (error.code() == dunnage::errc::program_unusable) return cli::kProgramUnusable;
  return session.failure_code;
}

int run_action(const cli::Session& session) {
  try {
    return session.action();
  } catch (const dunnage::Error& error) {
    cli::complain(error.what());
    return exit_code_of(error, session);
  } catch (const std::exception& error) {
    cli::complain(error.what());
    return session.failure_code;
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  cli::Session session;
  CLI::App app{"Containers with Docker's storage, without a daemon.", "dunnage"};
  add_commands(app, session);
  auto line = cli::split_command_line(app, {argv + 1, argv + argc});
  session.positional = std::move(line.positional);
  try {
    std::reverse(line.parsed.begin(), line.parsed.end());  // CLI11 reads a vector from its end
    app.parse(line.parsed);
  } catch (const CLI::ParseError& error) {
    return wrong_usage(app, error);
  }
  const int exit_code = run_action(session);
  std::cout.flush();
  if (!std::cout) {
    cli::complain("cannot write to standard output");
    return exit_code == 0 ? session.failure_code : exit_code;
  }
  return exit_code;
}
