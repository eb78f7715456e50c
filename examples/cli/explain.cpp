// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "json.hpp"

#include <dunnage/container_store.hpp>

#include <iostream>

namespace cli {
namespace {

struct ExplainFlags {
  std::string name{};
  std::string path{};
  std::string user{};
  bool json = false;
};

int explain(const ExplainFlags& flags, const Session& session) {
  const auto told = session.containers().explain(flags.name, flags.path, {.user = flags.user});
  std::cout << (flags.json ? pretty(told.to_json()) : told.to_string()) << '\n';
  return 0;
}

}  // namespace

void add_explain(CLI::App& parent, Session& session) {
  CLI::App& command =
      add_command(parent, session, "explain",
                  "Say which mount serves a path of a container, whose it is, what a user may do there, and why not");
  auto flags = std::make_shared<ExplainFlags>();
  command.add_option("NAME", flags->name, "The container, running or not")->required()->type_name("");
  command.add_option("PATH", flags->path, "The path in the container")->required()->type_name("");
  command.add_option("-u,--user", flags->user, "Who would read or write; else the container's user")
      ->type_name("USER[:GROUP]");
  add_format(command, flags->json);
  on_chosen(command, session, flags, [&session](const ExplainFlags& chosen) { return explain(chosen, session); });
}

}  // namespace cli
