// SPDX-License-Identifier: Apache-2.0

// compose config: the files, merged and filled in.

#include "compose.hpp"
#include "json.hpp"

#include <dunnage/project.hpp>

#include <iostream>
#include <set>

namespace cli {
namespace {

struct ConfigFlags {
  bool services = false;
  bool volumes = false;
  bool images = false;
  bool hashes = false;
  bool quiet = false;
  bool raw = false;
  std::string format = "yaml";
};

void print_images(const dunnage::Project& project) {
  std::set<std::string> images;
  for (const auto& entry : project.services()) {
    if (!entry.second.image.empty()) images.insert(entry.second.image);
  }
  for (const auto& image : images) std::cout << image << '\n';
}

int config(const ConfigFlags& flags, ProjectFlags source) {
  source.interpolate = !flags.raw;
  const dunnage::Project project = source.load(flags.quiet);
  if (flags.quiet) return 0;
  if (flags.services) {
    for (const auto& name : project.start_order()) std::cout << name << '\n';
  } else if (flags.volumes) {
    for (const auto& entry : project.volumes()) std::cout << entry.first << '\n';
  } else if (flags.images) {
    print_images(project);
  } else if (flags.hashes) {
    for (const auto& entry : project.services()) {
      std::cout << entry.first << ' ' << project.config_hash(entry.first) << '\n';
    }
  } else {
    const std::string text = flags.format == "json" ? project.to_json() : project.to_yaml();
    std::cout << text << (text.empty() || text.back() != '\n' ? "\n" : "");
  }
  return 0;
}

}  // namespace

void add_compose_config(const Compose& compose) {
  CLI::App& command = compose.verb("config", "Print the project in canonical form");
  auto flags = std::make_shared<ConfigFlags>();
  command.add_flag("--services", flags->services, "Names of the services only");
  command.add_flag("--volumes", flags->volumes, "Names of the volumes only, as the files have them");
  command.add_flag("--images", flags->images, "Names of the images only");
  command.add_flag("--hash", flags->hashes, "The hash of each service's configuration");
  command.add_flag("-q,--quiet", flags->quiet, "Check the files and print nothing");
  command.add_flag("--no-interpolate", flags->raw, "Leave variables as they are written");
  command.add_option("--format", flags->format, "yaml or json")->check(CLI::IsMember({"yaml", "json"}));
  on_chosen(command, compose.session, flags,
            [project = compose.project](const ConfigFlags& chosen) { return config(chosen, *project); });
}

}  // namespace cli
