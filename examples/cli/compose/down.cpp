// SPDX-License-Identifier: Apache-2.0
#include "apply.hpp"
#include "compose.hpp"
#include "up_flags.hpp"

#include <dunnage/error.hpp>

#include <algorithm>
#include <iostream>
#include <set>

namespace cli {
namespace {

/// Those that somebody else uses, or that are not there, stay, and a warning says so.
void remove_images(const dunnage::Project& project, const std::vector<std::string>& services, const Session& session) {
  std::set<std::string> names;
  for (const auto& [name, service] : project.services()) {
    const bool meant = services.empty() || std::find(services.begin(), services.end(), name) != services.end();
    if (meant && !service.image.empty() && !service.rootfs) names.insert(service.image);
  }
  auto images = session.images();
  for (const auto& name : names) {
    try {
      (void)images.remove(name);
      std::cerr << " Image " << name << "  Removed\n";
    } catch (const dunnage::Error& error) {
      complain(std::string{"warning: "} + error.what());
    }
  }
}

/// The flag is the word without which no data is destroyed.
int down(const DownFlags& flags, const ProjectFlags& source, const Session& session) {
  const dunnage::Project project = source.load_or_remember(session, flags.services);
  apply_plan(project.plan_down(flags.options(session.store_root())), {.destroy_data = flags.volumes});
  if (flags.images == "all") remove_images(project, flags.services, session);
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
  command.add_option("--rmi", flags->images, "all: the images of the services, too; local: those built here, none")
      ->check(CLI::IsMember({"all", "local"}));
  compose.on_chosen(command, flags, down);
}

}  // namespace cli
