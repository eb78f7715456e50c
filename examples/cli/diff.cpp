// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "json.hpp"

#include <dunnage/container_store.hpp>

#include <iostream>

namespace cli {
namespace {

struct DiffFlags {
  std::string name{};
  bool json = false;
};

char letter_of(dunnage::Change::Kind kind) {
  switch (kind) {
    case dunnage::Change::Kind::Added:
      return 'A';
    case dunnage::Change::Kind::Deleted:
      return 'D';
    case dunnage::Change::Kind::Modified:
      break;
  }
  return 'C';
}

int diff(const DiffFlags& flags, const Session& session) {
  const auto changes = session.containers().changes(flags.name);
  if (flags.json) {
    std::cout << pretty(to_json(changes)) << '\n';
    return 0;
  }
  for (const auto& change : changes) std::cout << letter_of(change.kind) << ' ' << change.path << '\n';
  return 0;
}

}  // namespace

void add_diff(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "diff",
                                  "List what a container has changed of its image: C(hanged), A(dded), D(eleted)");
  auto flags = std::make_shared<DiffFlags>();
  command.add_option("NAME", flags->name, "The container, running or not")->required()->type_name("");
  add_format(command, flags->json);
  on_chosen(command, session, flags, [&session](const DiffFlags& chosen) { return diff(chosen, session); });
}

}  // namespace cli
