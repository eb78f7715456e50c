// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "image_change.hpp"
#include "progress_line.hpp"
#include "pull_flags.hpp"

#include <iostream>

namespace cli {
namespace {

struct ImportFlags {
  std::string source{};
  std::string name{};
  std::vector<std::string> changes{};
  std::string platform{};
  bool quiet = false;
};

int import(const ImportFlags& flags, const Session& session) {
  ProgressLine progress{flags.quiet};
  dunnage::ImportOptions options{.platform = platform_of(flags.platform), .watch = progress.watch()};
  for (const auto& change : flags.changes) apply_change(options.config, change);
  const std::string source = flags.source == "-" ? "/dev/stdin" : flags.source;
  const auto image = session.images().import(source, flags.name, options);
  progress.clear();
  std::cout << image.id() << '\n';
  return 0;
}

}  // namespace

void add_image_import(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "import", "Make an image of one layer from a root file system");
  auto flags = std::make_shared<ImportFlags>();
  command.add_option("SOURCE", flags->source, "tar, compressed or not, directory, or - for standard input")
      ->required()
      ->type_name("");
  command.add_option("NAME", flags->name, "NAME[:TAG]")->type_name("");
  add_repeated(command, "-c,--change", flags->changes, "How it wants to be run, as in a Dockerfile: 'CMD [\"sh\"]'");
  add_platform(command, flags->platform);
  command.add_flag("-q,--quiet", flags->quiet, "Show no progress");
  on_chosen(command, session, flags, [&session](const ImportFlags& chosen) { return import(chosen, session); });
}

}  // namespace cli
