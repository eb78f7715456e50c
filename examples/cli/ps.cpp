// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "container_words.hpp"
#include "json.hpp"
#include "labels.hpp"
#include "moment.hpp"
#include "table.hpp"

#include <dunnage/container_store.hpp>

#include <cstddef>
#include <iostream>

namespace cli {
namespace {

constexpr std::size_t kShortId = 12;

struct PsFlags {
  bool all = false;
  bool quiet = false;
  bool whole = false;
  bool json = false;
};

std::string id_of(const dunnage::ContainerInfo& info, bool whole) {
  if (info.id.empty()) return info.name;  // its record cannot be read, and can be removed by its name
  return whole ? info.id : info.id.substr(0, kShortId);
}

Json row_of(const dunnage::ContainerInfo& info, bool whole) {
  return {{"Command", command_of(info, whole)},
          {"CreatedAt", date_and_time(info.created_at)},
          {"ID", id_of(info, whole)},
          {"Image", info.rootfs},
          {"Labels", joined(info.labels)},
          {"Mounts", mounts_of(info)},
          {"Names", info.name},
          {"RunningFor", age(info.created_at)},
          {"State", to_string(info.status)},
          {"Status", status_of(info)}};
}

int ps(const PsFlags& flags, const Session& session) {
  Table table{{"CONTAINER ID", "ROOTFS", "COMMAND", "CREATED", "STATUS", "NAMES"}};
  const auto containers = session.containers().list();
  for (auto info = containers.rbegin(); info != containers.rend(); ++info) {  // the newest first, as Docker has it
    if (!flags.all && !is_up(info->status)) continue;
    if (flags.quiet) {
      std::cout << id_of(*info, flags.whole) << '\n';
    } else if (flags.json) {
      std::cout << one_line(row_of(*info, flags.whole)) << '\n';
    } else {
      table.add({id_of(*info, flags.whole), info->rootfs, command_of(*info, flags.whole), age(info->created_at),
                 status_of(*info), info->name});
    }
  }
  if (!flags.quiet && !flags.json) std::cout << table;
  return 0;
}

}  // namespace

void add_ps(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "ps", "List the containers that run");
  auto flags = std::make_shared<PsFlags>();
  command.add_flag("-a,--all", flags->all, "Those that have ended, too");
  command.add_flag("-q,--quiet", flags->quiet, "Ids only");
  command.add_flag("--no-trunc", flags->whole, "Whole ids and commands");
  add_format(command, flags->json);
  on_chosen(command, session, flags, [&session](const PsFlags& chosen) { return ps(chosen, session); });
}

}  // namespace cli
