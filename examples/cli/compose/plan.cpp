// SPDX-License-Identifier: Apache-2.0

// compose plan: what up or down would do. Changes nothing.

#include "compose.hpp"
#include "json.hpp"
#include "up_flags.hpp"

#include <iostream>

namespace cli {
namespace {

struct PlanFlags {
  UpFlags up{};
  bool down = false;
  bool volumes = false;
  bool json = false;
};

int plan(const PlanFlags& flags, const ProjectFlags& source, const Session& session) {
  const dunnage::Project project = source.load_aloud(flags.up.services);
  const auto decided = [&] {
    if (!flags.down) return project.plan_up(flags.up.options(session.store_root()));
    const DownFlags down{.services = flags.up.services,
                         .volumes = flags.volumes,
                         .remove_orphans = flags.up.remove_orphans,
                         .seconds = flags.up.seconds};
    return project.plan_down(down.options(session.store_root()));
  }();
  if (flags.json) {
    std::cout << pretty(decided.to_json()) << '\n';
  } else {
    std::cout << decided;
  }
  return 0;
}

}  // namespace

void add_compose_plan(const Compose& compose) {
  CLI::App& command = compose.verb("plan", "Show what up, or down, would do, and why. Changes nothing.");
  auto flags = std::make_shared<PlanFlags>();
  flags->up.add_to(command);
  command.add_flag("--down", flags->down, "Of down instead of up");
  command.add_flag("-v,--volumes", flags->volumes, "With --down: as down -v");
  command.add_flag("--json", flags->json, "As JSON");
  compose.on_chosen(command, flags, plan);
}

}  // namespace cli
