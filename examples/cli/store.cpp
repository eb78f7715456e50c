// SPDX-License-Identifier: Apache-2.0

// store check and repair.

#include "command.hpp"
#include "json.hpp"

#include <dunnage/store_check.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>

namespace cli {
namespace {

struct StoreFlags {
  bool json = false;
  bool deep = false;
  bool dry_run = false;
  bool make_missing_data = false;
  unsigned grace = 60;
};

/// Fails as long as anything is wrong, so that a script need not read it.
int tell(const dunnage::StoreReport& report, bool json) {
  std::cout << (json ? pretty(report.to_json()) + "\n" : report.to_string());
  return report.is_clean() ? 0 : kFailure;
}

int check(const StoreFlags& flags, const Session& session) {
  const auto report =
      dunnage::check_store(session.store_root(), {.grace = std::chrono::seconds{flags.grace}, .contents = flags.deep});
  const int exit_code = tell(report, flags.json);
  const bool can_repair = std::any_of(report.findings.begin(), report.findings.end(),
                                      [](const auto& finding) { return finding.repairable; });
  if (can_repair && !flags.json && !flags.dry_run) {
    std::cout << "\"dunnage store repair\" does what \"repair\" says; it touches no data of a volume.\n";
  }
  return exit_code;
}

int repair(const StoreFlags& flags, const Session& session) {
  if (flags.dry_run) return check(flags, session);
  return tell(dunnage::repair_store(session.store_root(), {.grace = std::chrono::seconds{flags.grace},
                                                           .contents = flags.deep,
                                                           .make_missing_data = flags.make_missing_data}),
              flags.json);
}

void add_shared(CLI::App& command, StoreFlags& flags) {
  command.add_flag("--json", flags.json, "As JSON");
  command.add_flag("--deep", flags.deep, "Read all that images consist of, too: as slow as the disk");
  command.add_option("--grace", flags.grace, "Younger than this it may be somebody's work, and is not left over")
      ->type_name("SECONDS")
      ->capture_default_str();
}

}  // namespace

void add_store(CLI::App& parent, Session& session) {
  CLI::App& store = add_command(parent, session, "store", "The store itself: check, repair");
  store.require_subcommand(1);
  CLI::App& look = add_command(store, session, "check",
                               "Tell what is damaged or left over, and change nothing. Fails if there is anything.");
  auto look_flags = std::make_shared<StoreFlags>();
  add_shared(look, *look_flags);
  on_chosen(look, session, look_flags, [&session](const StoreFlags& chosen) { return check(chosen, session); });
  CLI::App& mend = add_command(store, session, "repair",
                               "Make usable again what is damaged, without touching data. Fails if anything remains.");
  auto mend_flags = std::make_shared<StoreFlags>();
  add_shared(mend, *mend_flags);
  mend.add_flag("--dry-run", mend_flags->dry_run, "Only tell what would be done");
  mend.add_flag("--make-missing-data", mend_flags->make_missing_data,
                "Give an empty data directory to volumes whose data is gone");
  on_chosen(mend, session, mend_flags, [&session](const StoreFlags& chosen) { return repair(chosen, session); });
}

}  // namespace cli
