// SPDX-License-Identifier: Apache-2.0
#include "compose.hpp"
#include "container_words.hpp"
#include "containers.hpp"
#include "json.hpp"
#include "labels.hpp"
#include "moment.hpp"
#include "table.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <set>
#include <stdexcept>

namespace cli {
namespace {

struct ComposePsFlags {
  std::vector<std::string> services{};
  bool all = false;
  bool quiet = false;
  bool names = false;
  bool json = false;
  bool whole = false;
  std::vector<std::string> statuses{};
  std::vector<std::string> filters{};
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

/// Those that are asked for; none: those that run.
std::vector<std::string> statuses_of(const ComposePsFlags& flags) {
  std::vector<std::string> statuses = flags.statuses;
  for (const auto& filter : flags.filters) {
    if (!filter.starts_with("status=")) {
      throw std::invalid_argument{"--filter \"" + filter + "\" is unknown; write status=STATUS"};
    }
    statuses.push_back(filter.substr(7));
  }
  constexpr std::array kKnown{"created", "running", "paused", "restarting", "exited", "dead", "removing"};
  for (const auto& status : statuses) {
    if (std::find(kKnown.begin(), kKnown.end(), status) == kKnown.end()) {
      throw std::invalid_argument{"\"" + status +
                                  "\" is no status; write running, paused, restarting, exited, "
                                  "created or dead"};
    }
  }
  return statuses;
}

bool is_listed(const dunnage::ContainerInfo& info, bool all, const std::vector<std::string>& statuses) {
  if (is_one_off(info) && !all) return false;
  if (statuses.empty()) return all || is_up(info.status);
  return std::find(statuses.begin(), statuses.end(), to_string(info.status)) != statuses.end();
}

int ps(const ComposePsFlags& flags, const ProjectFlags& source, const Session& session) {
  const std::string project = source.project_name();
  Table table{{"NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS"}};
  const auto statuses = statuses_of(flags);
  std::set<std::string> services;
  for (const auto& info : containers_of(session, source, project, flags.services)) {
    if (!is_listed(info, flags.all, statuses)) continue;
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
  add_repeated(command, "--status", flags->statuses, "Only those that are: running, paused, restarting, exited, ...")
      ->type_name("STATUS");
  add_repeated(command, "--filter", flags->filters, "status=STATUS")->type_name("FILTER");
  add_format(command, flags->json);
  compose.on_chosen(command, flags, ps);
}

}  // namespace cli
