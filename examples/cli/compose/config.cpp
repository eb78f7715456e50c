// SPDX-License-Identifier: Apache-2.0

// compose config: the files, merged and filled in.

#include "compose.hpp"
#include "json.hpp"

#include <dunnage/project.hpp>

#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace cli {
namespace {

struct ConfigFlags {
  bool services = false;
  bool volumes = false;
  bool networks = false;
  bool profiles = false;
  bool images = false;
  bool quiet = false;
  bool raw = false;
  std::string hashes{};  ///< "*", or names of services with commas between them
  std::string format = "yaml";
  std::string output{};
};

using Names = std::set<std::string>;

Names images_of(const dunnage::Project& project) {
  Names images;
  for (const auto& entry : project.services()) {
    if (!entry.second.image.empty()) images.insert(entry.second.image);
  }
  return images;
}

Names profiles_of(const dunnage::Project& project) {
  Names profiles;
  for (const auto& entry : project.services()) {
    profiles.insert(entry.second.profiles.begin(), entry.second.profiles.end());
  }
  for (const auto& entry : project.disabled_services()) profiles.insert(entry.second.begin(), entry.second.end());
  return profiles;
}

Names networks_of(const dunnage::Project& project) {
  Names names;
  const Json model = Json::parse(project.to_json());
  if (const auto networks = model.find("networks"); networks != model.end()) {
    for (const auto& entry : networks->items()) names.insert(entry.key());
  }
  return names;
}

std::string lines_of(const Names& names) {
  std::string text;
  for (const auto& name : names) text += name + '\n';
  return text;
}

std::string hashes_of(const dunnage::Project& project, const std::string& wanted) {
  Names names;
  std::istringstream list{wanted};
  for (std::string name; std::getline(list, name, ',');) names.insert(name);
  if (wanted == "*") {
    names.clear();
    for (const auto& entry : project.services()) names.insert(entry.first);
  }
  std::string text;
  for (const auto& name : names) text += name + ' ' + project.config_hash(name) + '\n';
  return text;
}

std::string services_of(const dunnage::Project& project) {
  std::string text;
  for (const auto& name : project.start_order()) text += name + '\n';
  return text;
}

Names volumes_of(const dunnage::Project& project) {
  Names names;
  for (const auto& entry : project.volumes()) names.insert(entry.first);
  return names;
}

std::string answer(const ConfigFlags& flags, const dunnage::Project& project) {
  if (flags.services) return services_of(project);
  if (flags.volumes) return lines_of(volumes_of(project));
  if (flags.networks) return lines_of(networks_of(project));
  if (flags.profiles) return lines_of(profiles_of(project));
  if (flags.images) return lines_of(images_of(project));
  if (!flags.hashes.empty()) return hashes_of(project, flags.hashes);
  std::string text = flags.format == "json" ? project.to_json() : project.to_yaml();
  if (text.empty() || text.back() != '\n') text += '\n';
  return text;
}

int config(const ConfigFlags& flags, ProjectFlags source) {
  source.interpolate = !flags.raw;
  const bool names_only = flags.services || flags.volumes || flags.networks || flags.profiles || flags.images ||
                          !flags.hashes.empty() || flags.quiet;
  const dunnage::Project project = names_only ? source.load() : source.load_aloud();
  if (flags.quiet) return 0;
  const std::string text = answer(flags, project);
  if (flags.output.empty()) {
    std::cout << text;
  } else if (!(std::ofstream{flags.output} << text).flush()) {
    throw std::runtime_error{"cannot write to \"" + flags.output + '"'};
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
  command.add_flag("--networks", flags->networks, "Names of the networks only");
  command.add_flag("--profiles", flags->profiles, "Names of the profiles only");
  command
      .add_option("--hash", flags->hashes, "The hash of services' configurations: their names with commas, or \"*\"")
      ->type_name("SERVICES");
  command.add_option("-o,--output", flags->output, "Write to this file")->type_name("FILE");
  command.add_flag("-q,--quiet", flags->quiet, "Check the files and print nothing");
  command.add_flag("--no-interpolate", flags->raw, "Leave variables as they are written");
  command.add_option("--format", flags->format, "yaml or json")->check(CLI::IsMember({"yaml", "json"}));
  on_chosen(command, compose.session, flags,
            [project = compose.project](const ConfigFlags& chosen) { return config(chosen, *project); });
}

}  // namespace cli
