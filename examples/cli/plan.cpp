// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "json.hpp"
#include "storage_flags.hpp"

#include <dunnage/mount_plan.hpp>

#include <iostream>

namespace cli {
namespace {

struct PlanFlags {
  StorageFlags storage{};
  std::string path{};
  std::string user{};
  bool json = false;
};

std::string without_last_newline(std::string text) {
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

int plan(const PlanFlags& flags, const Session& session) {
  const dunnage::MountPlan decided = flags.storage.mount_set().resolve({.store = session.store_root()});
  if (!flags.path.empty()) {
    const auto told = decided.explain(flags.path, {.user = flags.user});
    std::cout << (flags.json ? pretty(told.to_json()) : told.to_string()) << '\n';
  } else if (flags.json) {
    std::cout << pretty(decided.to_json()) << '\n';
  } else if (decided.empty()) {
    std::cout << "no mounts\n";
  } else {
    std::cout << without_last_newline(decided.to_string()) << '\n';
  }
  return 0;
}

}  // namespace

void add_plan(CLI::App& parent, Session& session) {
  CLI::App& command =
      add_command(parent, session, "plan", "Show what run would mount, from where, and why. Changes nothing.");
  auto flags = std::make_shared<PlanFlags>();
  flags->storage.add_to(command);
  command.add_option("--explain", flags->path, "Say which mount serves this path of the container")->type_name("PATH");
  command.add_option("--user", flags->user, "With --explain: who would read or write, in numbers")
      ->type_name("UID[:GID]");
  add_format(command, flags->json);
  on_chosen(command, session, flags, [&session](const PlanFlags& chosen) { return plan(chosen, session); });
}

}  // namespace cli
