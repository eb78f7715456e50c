// SPDX-License-Identifier: Apache-2.0

// image and its verbs; inspect and tag are here, the others in files of their own. Some are commands by themselves,
// too, as in Docker: images, import, load, pull, rmi, tag.

#include "command.hpp"
#include "json.hpp"

#include <iostream>

namespace cli {
namespace {

struct InspectFlags {
  std::vector<std::string> names{};
  bool json = true;
};

struct TagFlags {
  std::string name{};
  std::string new_name{};
};

int inspect(const InspectFlags& flags, const Session& session) {
  const auto images = session.images();
  std::vector<std::string> objects;
  const int exit_code =
      for_each_name(flags.names, [&](const std::string& name) { objects.push_back(to_json(images.get(name).info())); });
  std::cout << pretty_array(objects) << '\n';
  return exit_code;
}

void add_image_inspect(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "inspect", "Show all that is known, as a JSON array");
  auto flags = std::make_shared<InspectFlags>();
  add_names(command, flags->names, "Images");
  add_format(command, flags->json);
  on_chosen(command, session, flags, [&session](const InspectFlags& chosen) { return inspect(chosen, session); });
}

void add_image_tag(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "tag", "Give an image a further name");
  auto flags = std::make_shared<TagFlags>();
  command.add_option("NAME", flags->name, "The image")->required()->type_name("");
  command.add_option("NEW-NAME", flags->new_name, "NAME[:TAG], taken from the image that has it")
      ->required()
      ->type_name("");
  on_chosen(command, session, flags, [&session](const TagFlags& chosen) {
    session.images().tag(chosen.name, chosen.new_name);
    return 0;
  });
}

}  // namespace

void add_image(CLI::App& parent, Session& session) {
  CLI::App& image = add_command(parent, session, "image", "Images: pull, load, import, ls, inspect, tag, rm, prune");
  image.require_subcommand(1);
  add_image_pull(image, session);
  add_image_load(image, session);
  add_image_import(image, session);
  add_image_ls(image, session, "ls");
  add_image_inspect(image, session);
  add_image_tag(image, session);
  add_image_rm(image, session, "rm");
  add_image_prune(image, session);

  add_image_pull(parent, session);
  add_image_load(parent, session);
  add_image_import(parent, session);
  add_image_ls(parent, session, "images");
  add_image_tag(parent, session);
  add_image_rm(parent, session, "rmi");
}

}  // namespace cli
