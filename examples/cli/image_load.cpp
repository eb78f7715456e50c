// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "image_name.hpp"
#include "progress_line.hpp"
#include "pull_flags.hpp"

#include <unistd.h>

#include <iostream>
#include <stdexcept>

namespace cli {
namespace {

struct LoadFlags {
  std::string input{};
  std::string name{};
  std::string platform{};
  bool quiet = false;
};

std::vector<dunnage::Image> load_images(const LoadFlags& flags, dunnage::ImageStore images) {
  ProgressLine progress{flags.quiet};
  const dunnage::LoadOptions options{
      .name = flags.name, .platform = platform_of(flags.platform), .watch = progress.watch()};
  if (!flags.input.empty() && flags.input != "-") return images.load(std::filesystem::path{flags.input}, options);
  if (isatty(STDIN_FILENO) != 0) {
    throw std::invalid_argument{"nothing to load from a terminal; write -i PATH, or give an archive to standard input"};
  }
  return images.load(STDIN_FILENO, options);
}

int load(const LoadFlags& flags, const Session& session) {
  for (const auto& image : load_images(flags, session.images())) {
    for (const auto& name : image.info().names) std::cout << "Loaded image: " << familiar(name) << '\n';
    if (image.info().names.empty()) std::cout << "Loaded image ID: " << image.id() << '\n';
  }
  return 0;
}

}  // namespace

void add_image_load(CLI::App& parent, Session& session) {
  CLI::App& command =
      add_command(parent, session, "load", "Take in images: an OCI layout, or what docker save has written");
  auto flags = std::make_shared<LoadFlags>();
  command.add_option("-i,--input", flags->input, "Archive, compressed or not, or directory (default: standard input)")
      ->type_name("PATH");
  command.add_option("--name", flags->name, "Name for an image that has none")->type_name("NAME");
  add_platform(command, flags->platform);
  command.add_flag("-q,--quiet", flags->quiet, "Show no progress");
  on_chosen(command, session, flags, [&session](const LoadFlags& chosen) { return load(chosen, session); });
}

}  // namespace cli
