// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The verbs of compose.

#include "project_flags.hpp"

#include "command.hpp"

#include <memory>
#include <string>
#include <utility>

namespace cli {

/// What a verb belongs to.
struct Compose {
  CLI::App& app;
  Session& session;
  std::shared_ptr<ProjectFlags> project;

  /// A verb with the options every command has. Its failures exit with 1, and those of reading the files with 14
  /// and 15.
  [[nodiscard]] CLI::App& verb(const std::string& name, const std::string& description) const;

  /// Lets `command` do `act(*flags, *project, session)`.
  template <typename Flags, typename Act>
  void on_chosen(CLI::App& command, std::shared_ptr<Flags> flags, Act act) const {
    cli::on_chosen(command, session, std::move(flags),
                   [source = project, &session = session, act = std::move(act)](const Flags& chosen) {
                     return act(chosen, *source, session);
                   });
  }
};

void add_compose_config(const Compose& compose);
void add_compose_plan(const Compose& compose);
void add_compose_up(const Compose& compose);
void add_compose_down(const Compose& compose);
void add_compose_lifecycle(const Compose& compose);  // start, stop, restart
void add_compose_ps(const Compose& compose);
void add_compose_logs(const Compose& compose);
void add_compose_run(const Compose& compose);
void add_compose_exec(const Compose& compose);
void add_compose_volumes(const Compose& compose);
void add_compose_container_verbs(const Compose& compose);  // kill, pause, unpause, wait, rm
void add_compose_cp(const Compose& compose);
void add_compose_images(const Compose& compose);
void add_compose_ls(const Compose& compose);
void add_compose_pull(const Compose& compose);
void add_compose_scale(const Compose& compose);
void add_compose_top(const Compose& compose);
void add_compose_version(const Compose& compose);
void add_compose_refused(const Compose& compose);  // what cannot be done here, and says so

}  // namespace cli
