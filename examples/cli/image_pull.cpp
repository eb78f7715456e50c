// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "image_name.hpp"
#include "progress_line.hpp"
#include "pull_flags.hpp"

#include <iostream>

namespace cli {
namespace {

struct ImagePullFlags {
  std::string name{};
  PullFlags from{};
  bool quiet = false;
};

int pull(const ImagePullFlags& flags, const Session& session) {
  auto images = session.images();
  const auto before = images.find(flags.name);
  ProgressLine progress{flags.quiet};
  dunnage::PullOptions options = flags.from.options();
  options.watch = progress.watch();
  const auto image = images.pull(flags.name, options);
  progress.clear();
  if (!flags.quiet) {
    const bool same = before && before->id() == image.id();
    std::cout << "Digest: " << image.info().digest
              << "\nStatus: " << (same ? "Image is up to date for " : "Downloaded newer image for ")
              << familiar(flags.name) << '\n';
  }
  std::cout << flags.name << '\n';
  return 0;
}

}  // namespace

void add_image_pull(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "pull", "Fetch an image from its registry");
  auto flags = std::make_shared<ImagePullFlags>();
  command.add_option("NAME", flags->name, "NAME[:TAG][@DIGEST]")->required()->type_name("");
  flags->from.add_to(command);
  command.add_flag("-q,--quiet", flags->quiet, "Print nothing but the name");
  on_chosen(command, session, flags, [&session](const ImagePullFlags& chosen) { return pull(chosen, session); });
}

}  // namespace cli
