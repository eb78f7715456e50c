// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "resource_flags.hpp"

#include <dunnage/container_store.hpp>

#include <iostream>
#include <stdexcept>

namespace cli {
namespace {

struct UpdateFlags {
  std::vector<std::string> names{};
  ResourceFlags resources{};
};

int update(const UpdateFlags& flags, const Session& session) {
  const dunnage::Resources changes = flags.resources.resources();
  if (changes.empty()) throw std::invalid_argument{"nothing to update; give a limit, such as --memory 512m"};
  const auto containers = session.containers();
  return for_each_name(flags.names, [&](const std::string& name) {
    containers.get(name).update(changes);
    std::cout << name << std::endl;
  });
}

}  // namespace

void add_update(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "update", "Give running containers other limits");
  auto flags = std::make_shared<UpdateFlags>();
  flags->resources.add_to(command);
  add_names(command, flags->names, "Containers, by name, id or beginning of an id");
  on_chosen(command, session, flags, [&session](const UpdateFlags& chosen) { return update(chosen, session); });
}

}  // namespace cli
