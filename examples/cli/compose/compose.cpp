// SPDX-License-Identifier: Apache-2.0
#include "compose.hpp"

namespace cli {

CLI::App& Compose::verb(const std::string& name, const std::string& description) const {
  return add_command(app, session, name, description);
}

void add_compose(CLI::App& parent, Session& session) {
  CLI::App& app = add_command(parent, session, "compose", "Projects of Compose: config, plan, up, down, ps, logs, ...");
  app.require_subcommand(1);
  const Compose compose{app, session, std::make_shared<ProjectFlags>()};
  compose.project->add_to(app);
  add_compose_config(compose);
  add_compose_plan(compose);
  add_compose_up(compose);
  add_compose_down(compose);
  add_compose_lifecycle(compose);
  add_compose_ps(compose);
  add_compose_logs(compose);
  add_compose_run(compose);
  add_compose_exec(compose);
  add_compose_volumes(compose);
  add_compose_container_verbs(compose);
  add_compose_cp(compose);
  add_compose_images(compose);
  add_compose_ls(compose);
  add_compose_pull(compose);
  add_compose_scale(compose);
  add_compose_top(compose);
  add_compose_version(compose);
  add_compose_refused(compose);
}

}  // namespace cli
