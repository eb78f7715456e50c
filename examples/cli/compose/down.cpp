// SPDX-License-Identifier: Apache-2.0
#include "apply.hpp"
#include "compose.hpp"
#include "up_flags.hpp"

namespace cli {
namespace {

/// The flag is the word without which no data is destroyed.
int down(const DownFlags& flags, const ProjectFlags& source, const Session& session) {
  apply_plan(source.load(true).plan_down(flags.options(session.store_root())), flags.volumes);
  return 0;
}

}  // namespace

void add_compose_down(const Compose& compose) {
  CLI::App& command = compose.verb("down", "Stop and remove the containers; volumes stay without -v");
  auto flags = std::make_shared<DownFlags>();
  command.add_option("SERVICE", flags->services, "Only these")->type_name("");
  command.add_flag("-v,--volumes", flags->volumes, "Remove the project's volumes, too; their data is lost");
  command.add_flag("--remove-orphans", flags->remove_orphans,
                   "Remove containers of services that are no longer in the files");
  command.add_option("-t,--timeout", flags->seconds, "Seconds before a container that does not stop is killed");
  compose.on_chosen(command, flags, down);
}

}  // namespace cli
