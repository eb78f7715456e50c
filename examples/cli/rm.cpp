// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"

#include <dunnage/container_store.hpp>
#include <dunnage/error.hpp>

#include <iostream>

namespace cli {
namespace {

struct RmFlags {
  std::vector<std::string> names{};
  bool force = false;
  bool volumes = false;
};

int rm(const RmFlags& flags, const Session& session) {
  auto containers = session.containers();
  return for_each_name(flags.names, [&](const std::string& name) {
    try {
      containers.remove(name, flags.force, flags.volumes);
    } catch (const dunnage::LaunchError& error) {
      // -f asks for it to be gone, and it is.
      if (!flags.force || error.code() != dunnage::errc::container_missing) throw;
    }
    std::cout << name << std::endl;
  });
}

}  // namespace

void add_rm(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "rm", "Remove containers that have ended, with their logs");
  auto flags = std::make_shared<RmFlags>();
  add_names(command, flags->names, "Containers, by name, id or beginning of an id");
  command.add_flag("-f,--force", flags->force, "Kill those that run; do not complain about those that are absent");
  command.add_flag("-v,--volumes", flags->volumes, "Their anonymous volumes, too");
  on_chosen(command, session, flags, [&session](const RmFlags& chosen) { return rm(chosen, session); });
}

}  // namespace cli
