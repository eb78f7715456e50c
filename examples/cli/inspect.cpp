// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "json.hpp"

#include <dunnage/container_store.hpp>
#include <dunnage/image_store.hpp>
#include <dunnage/volume_store.hpp>

#include <iostream>

namespace cli {
namespace {

struct InspectFlags {
  std::vector<std::string> names{};
  bool json = true;
};

/// A container if there is one of that name, otherwise an image, otherwise a volume, as Docker looks.
std::string described(const std::string& name, const Session& session) {
  const auto containers = session.containers();
  if (const auto container = containers.find(name)) return to_json(*container);
  if (const auto image = session.images().find(name)) return to_json(image->info());
  if (const auto volume = session.volumes().find(name)) return to_json(volume->info());
  return to_json(containers.inspect(name));  // throws, with the nearest name
}

int inspect(const InspectFlags& flags, const Session& session) {
  std::vector<std::string> objects;
  const int exit_code =
      for_each_name(flags.names, [&](const std::string& name) { objects.push_back(described(name, session)); });
  std::cout << pretty_array(objects) << '\n';
  return exit_code;
}

}  // namespace

void add_inspect(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "inspect", "Show all that is known, as a JSON array");
  auto flags = std::make_shared<InspectFlags>();
  add_names(command, flags->names, "Containers, images or volumes");
  add_format(command, flags->json);
  on_chosen(command, session, flags, [&session](const InspectFlags& chosen) { return inspect(chosen, session); });
}

}  // namespace cli
