// SPDX-License-Identifier: Apache-2.0
#include "compose.hpp"
#include "container_words.hpp"
#include "containers.hpp"
#include "json.hpp"
#include "labels.hpp"
#include "moment.hpp"
#include "table.hpp"

#include <iostream>
#include <set>

namespace cli {
namespace {

struct ComposePsFlags {
  std::vector<std::string> services{};
  bool all = false;
  bool quiet = false;
  bool names = false;
  bool json = false;
  bool whole = false;
};

Json row_of(const dunnage::ContainerInfo& info, const std::string& project, bool whole) {
  return {{"Command", command_of(info, whole)},
          {"CreatedAt", date_and_time(info.created_at)},
          {"ExitCode", info.exit ? info.exit->code() : 0},
          {"Health", ""},
          {"ID", whole ? info.id : info.id.substr(0, 12)},
          {"Image", info.rootfs},
          {"Labels", joined(info.labels)},
          {"Mounts", mounts_of(info)},
          {"Name", info.name},
          {"Names", info.name},
          {"Project", project},
          {"Publishers", nullptr},
          {"RunningFor", age(info.created_at)},
          {"Service", service_of(info)},
          {"State", to_string(info.status)},
          {"Status", status_of(info)}};
}

int ps(const ComposePsFlags& flags, const ProjectFlags& source, const Session& session) {
  const std::string project = source.project_name();
  Table table{{"NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS"}};
  std::set<std::string> services;
  for (const auto& info : containers_of(session, project, flags.services)) {
    if (!flags.all && (!is_up(info.status) || is_one_off(info))) continue;
    if (flags.names) {
      services.insert(service_of(info));
    } else if (flags.quiet) {
      std::cout << info.id << '\n';
    } else if (flags.json) {
      std::cout << one_line(row_of(info, project, flags.whole)) << '\n';
    } else {
      table.add({info.name, info.rootfs, command_of(info, flags.whole), service_of(info), age(info.created_at),
                 status_of(info), ""});
    }
  }
  for (const auto& name : services) std::cout << name << '\n';
  if (!flags.quiet && !flags.json && !flags.names) std::cout << table;
  return 0;
}

}  // namespace

void add_compose_ps(const Compose& compose) {
  CLI::App& command = compose.verb("ps", "List the project's containers that run");
  auto flags = std::make_shared<ComposePsFlags>();
  command.add_option("SERVICE", flags->services, "Only those of these")->type_name("");
  command.add_flag("-a,--all", flags->all, "Those that have ended and those of run, too");
  command.add_flag("-q,--quiet", flags->quiet, "Ids only");
  command.add_flag("--services", flags->names, "Names of the services only");
  command.add_flag("--no-trunc", flags->whole, "Whole ids and commands");
  add_format(command, flags->json);
  compose.on_chosen(command, flags, ps);
}

}  // namespace cli
