// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"
#include "json.hpp"

#include <dunnage/support.hpp>

#include <iostream>

namespace cli {
namespace {

struct SupportFlags {
  bool json = false;
};

int show_support(const SupportFlags& flags, const Session& session) {
  const dunnage::Support support = dunnage::support(session.store_root());
  std::string text = flags.json ? pretty(support.to_json()) : support.to_string();
  if (text.empty() || text.back() != '\n') text += '\n';
  std::cout << text;
  return support.can_launch() ? 0 : kFailure;
}

}  // namespace

void add_support(CLI::App& parent, Session& session) {
  CLI::App& command =
      add_command(parent, session, "support", "Show what this machine and this user can do. Fails if nothing can run.");
  auto flags = std::make_shared<SupportFlags>();
  add_format(command, flags->json);
  on_chosen(command, session, flags, [&session](const SupportFlags& chosen) { return show_support(chosen, session); });
}

}  // namespace cli
