// SPDX-License-Identifier: Apache-2.0
#include "compose.hpp"
#include "json.hpp"

#include <dunnage/version.hpp>

#include <iostream>

namespace cli {
namespace {

struct VersionFlags {
  bool brief = false;
  std::string format = "pretty";
};

int version(const VersionFlags& flags, const ProjectFlags& /*source*/, const Session& /*session*/) {
  if (flags.brief) {
    std::cout << DUNNAGE_VERSION "\n";
  } else if (flags.format == "json") {
    std::cout << one_line({{"version", DUNNAGE_VERSION}}) << '\n';
  } else {
    std::cout << "dunnage compose " DUNNAGE_VERSION "\n";
  }
  return 0;
}

}  // namespace

void add_compose_version(const Compose& compose) {
  CLI::App& command = compose.verb("version", "Print the version");
  auto flags = std::make_shared<VersionFlags>();
  command.add_flag("--short", flags->brief, "The number only");
  command.add_option("-f,--format", flags->format, "pretty or json")->check(CLI::IsMember({"pretty", "json"}));
  compose.on_chosen(command, flags, version);
}

}  // namespace cli
