// SPDX-License-Identifier: Apache-2.0
#include "compose.hpp"
#include "json.hpp"
#include "labels.hpp"
#include "table.hpp"

#include <filesystem>
#include <iostream>
#include <set>

namespace cli {
namespace {

struct VolumesFlags {
  std::vector<std::string> services{};
  bool quiet = false;
  bool json = false;
};

/// The names of what these services mount.
std::set<std::string> mounted_by(const dunnage::Project& project, const std::vector<std::string>& services) {
  std::set<std::string> names;
  for (const auto& service : services) {
    for (const auto& mount : project.mounts(service)) {
      if (const auto* volume = std::get_if<dunnage::VolumeMount>(&mount)) names.insert(volume->name);
    }
  }
  return names;
}

int volumes(const VolumesFlags& flags, const ProjectFlags& source, const Session& session) {
  std::set<std::string> wanted;
  std::string project = source.name;
  if (project.empty() || !flags.services.empty()) {
    const dunnage::Project loaded = source.load(flags.services);
    project = loaded.name();
    wanted = mounted_by(loaded, flags.services);
  }
  Table table{{"DRIVER", "VOLUME NAME"}};
  for (const auto& volume : session.volumes().list({.labels = {{"com.docker.compose.project", project}}})) {
    if (!flags.services.empty() && !wanted.contains(volume.name())) continue;
    if (flags.quiet) {
      std::cout << volume.name() << '\n';
    } else if (flags.json) {
      std::cout << one_line({{"Driver", volume.info().driver},
                             {"Labels", joined(volume.labels())},
                             {"Mountpoint", volume.mountpoint().string()},
                             {"Name", volume.name()},
                             {"Scope", "local"}})
                << '\n';
    } else {
      table.add({volume.info().driver, volume.name()});
    }
  }
  if (!flags.quiet && !flags.json) std::cout << table;
  return 0;
}

}  // namespace

void add_compose_volumes(const Compose& compose) {
  CLI::App& command = compose.verb("volumes", "List the project's volumes");
  auto flags = std::make_shared<VolumesFlags>();
  command.add_option("SERVICE", flags->services, "Only those of these")->type_name("");
  command.add_flag("-q,--quiet", flags->quiet, "Names only");
  add_format(command, flags->json);
  compose.on_chosen(command, flags, volumes);
}

}  // namespace cli
