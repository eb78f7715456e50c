// SPDX-License-Identifier: Apache-2.0

// volume update, usage, prune, and trash ls, restore, purge.

#include "volume_care.hpp"

#include "command.hpp"
#include "duration.hpp"
#include "json.hpp"
#include "labels.hpp"
#include "moment.hpp"
#include "table.hpp"
#include "volume_limit.hpp"

#include <dunnage/error.hpp>
#include <dunnage/prune_plan.hpp>
#include <dunnage/volume_trash.hpp>

#include <iostream>
#include <optional>
#include <stdexcept>

namespace cli {
namespace {

struct CareFlags {
  std::vector<std::string> names{};
  std::string name{};
  std::string new_name{};
  std::vector<std::string> labels{};
  std::vector<std::string> remove_labels{};
  std::vector<std::string> options{};
  std::vector<std::string> filters{};
  std::string access{};
  std::string older_than{};
  std::string unused_for{};
  std::string keep{};
  bool no_options = false;
  bool protect = false;
  bool unprotect = false;
  bool dry_run = false;
  bool all = false;
  bool force = false;
  bool json = false;
  std::string limit{};
  std::uint64_t limit_inodes = 0;
  std::string max_age{};
  bool size = false;
};

using CareVerb = int (*)(const CareFlags&, const Session&);

std::optional<std::chrono::seconds> duration_if(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{parse_duration(text)};
}

std::optional<dunnage::AccessMode> access_if(const std::string& word) {
  using Mode = dunnage::AccessMode;
  for (const Mode mode : {Mode::Shared, Mode::SingleWriter, Mode::Exclusive}) {
    if (to_string(mode) == word) return mode;
  }
  if (!word.empty())
    throw std::invalid_argument{"--access is shared, single-writer or exclusive, not \"" + word + "\""};
  return std::nullopt;
}

int update_volumes(const CareFlags& flags, const Session& session) {
  dunnage::VolumeChanges changes{
      .labels = parse_labels(flags.labels), .remove_labels = flags.remove_labels, .access = access_if(flags.access)};
  if (flags.no_options || !flags.options.empty()) changes.driver_options = parse_labels(flags.options);
  if (flags.protect || flags.unprotect) changes.protect = flags.protect;
  changes.limit = limit_of(flags.limit, flags.limit_inodes);
  auto volumes = session.volumes();
  return for_each_name(flags.names, [&](const std::string& name) {
    if (flags.dry_run) {
      const auto plan = volumes.plan_update(name, changes);
      std::cout << (flags.json ? plan.to_json() + "\n" : name + ":\n" + plan.to_string());
    } else {
      std::cout << volumes.update(name, changes).name() << std::endl;
    }
  });
}

int show_usage(const CareFlags& flags, const Session& session) {
  if (flags.size) return show_sizes(flags.names, flags.max_age, flags.json, session);
  const auto volumes = session.volumes();
  Table table{{"VOLUME NAME", "LAST USED", "BY", "USED BY NOW"}};
  const int exit_code = for_each_name(flags.names, [&](const std::string& name) {
    const auto history = volumes.usage_history(name);
    if (flags.json) {
      std::cout << to_json(history) << '\n';
      return;
    }
    std::string users;
    for (const auto& user : history.users) users += (users.empty() ? "" : ",") + user;
    table.add({name, history.last_used ? age(*history.last_used) : "never", history.last_user, users});
  });
  if (!flags.json) std::cout << table;
  return exit_code;
}

int prune_volumes(const CareFlags& flags, const Session& session) {
  const dunnage::PruneOptions options{.all = flags.all,
                                      .filter = parse_filters(flags.filters),
                                      .older_than = duration_if(flags.older_than),
                                      .unused_for = duration_if(flags.unused_for),
                                      .removal = {.keep = duration_if(flags.keep).value_or(std::chrono::seconds{0})}};
  const auto plan = session.volumes().plan_prune(options);
  if (flags.dry_run) {
    std::cout << (flags.json ? plan.to_json() + "\n" : plan.to_string());
    if (flags.size) {
      for (const auto& [name, usage] : plan.usage()) std::cout << name << " takes " << shown_usage(usage) << '\n';
    }
    return 0;
  }
  const std::string what = flags.all ? "all volumes" : "anonymous volumes";
  if (!flags.force && !confirmed("This will remove " + what + " that no container uses.")) return 0;
  const auto result = plan.apply();
  if (!result.removed.empty()) std::cout << "Deleted Volumes:\n";
  for (const auto& name : result.removed) std::cout << name << '\n';
  std::cout << "\nTotal: " << result.removed.size() << (result.removed.size() == 1 ? " volume" : " volumes") << '\n';
  for (const auto& [name, reason] : result.kept) complain("volume \"" + name + "\" stays: " + reason);
  return 0;
}

int list_trash(const CareFlags& flags, const Session& session) {
  std::vector<std::string> titles{"ID", "VOLUME NAME", "REMOVED", "KEPT UNTIL"};
  if (flags.size) titles.emplace_back("SIZE");
  Table table{titles};
  const auto trash = session.volumes().trash();
  for (const auto& entry : trash.list()) {
    if (flags.json) {
      std::cout << to_json(entry) << '\n';
      continue;
    }
    std::vector<std::string> row{entry.id, entry.name, age(entry.removed_at), date_and_time(entry.kept_until)};
    if (flags.size) row.push_back(shown_usage(trash.usage(entry.id)));
    table.add(row);
  }
  if (!flags.json) std::cout << table;
  return 0;
}

int restore_volume(const CareFlags& flags, const Session& session) {
  std::cout << session.volumes().trash().restore(flags.name, flags.new_name) << '\n';
  return 0;
}

int purge_trash(const CareFlags& flags, const Session& session) {
  auto trash = session.volumes().trash();
  if (!flags.names.empty()) {
    return for_each_name(flags.names, [&](const std::string& name) {
      trash.purge(name);
      std::cout << name << std::endl;
    });
  }
  if (!flags.force && !confirmed("This will delete what is in the trash for good.")) return 0;
  for (const auto& name : trash.purge_older_than(duration_if(flags.older_than).value_or(std::chrono::seconds{0}))) {
    std::cout << name << '\n';
  }
  return 0;
}

std::pair<CLI::App*, std::shared_ptr<CareFlags>> add_care_verb(CLI::App& parent, Session& session,
                                                               const std::string& name, const std::string& description,
                                                               CareVerb verb) {
  CLI::App& command = add_command(parent, session, name, description);
  auto flags = std::make_shared<CareFlags>();
  on_chosen(command, session, flags, [&session, verb](const CareFlags& chosen) { return verb(chosen, session); });
  return {&command, flags};
}

void add_duration(CLI::App& command, const std::string& name, std::string& value, const std::string& description) {
  command.add_option(name, value, description + ": 7d, 12h, 90s")->type_name("TIME");
}

void add_volume_update(CLI::App& volume, Session& session) {
  const auto [command, flags] =
      add_care_verb(volume, session, "update", "Change what is known of volumes, all of it or nothing", update_volumes);
  add_names(*command, flags->names, "Volumes");
  add_repeated(*command, "--label-add", flags->labels, "Label to set: KEY=VALUE");
  add_repeated(*command, "--label-rm", flags->remove_labels, "Label to remove: KEY");
  add_repeated(*command, "-o,--opt", flags->options, "Option of the driver; those given replace all it has");
  command->add_flag("--no-opts", flags->no_options, "Take all options of the driver away");
  command->add_flag("--protect", flags->protect, "Let nothing remove it");
  command->add_flag("--unprotect", flags->unprotect, "Let it be removed")->excludes("--protect");
  command->add_option("--access", flags->access, "Who may mount it: shared, single-writer or exclusive")
      ->type_name("MODE");
  add_limit(*command, flags->limit, flags->limit_inodes);
  command->add_flag("--dry-run", flags->dry_run, "Only show what would change");
  add_format(*command, flags->json);
}

void add_volume_prune(CLI::App& volume, Session& session) {
  const auto [command, flags] = add_care_verb(volume, session, "prune", "Remove what no container uses", prune_volumes);
  command->add_flag("-a,--all", flags->all, "Named volumes, too, not only anonymous ones");
  command->add_flag("-f,--force", flags->force, "Do not ask");
  command->add_flag("--dry-run", flags->dry_run, "Only show what would go and what would stay, and why");
  command->add_flag("--size", flags->size, "With --dry-run: how much space each would give back")->needs("--dry-run");
  add_repeated(*command, "--filter", flags->filters, "label=KEY[=VALUE] or dangling=true|false");
  add_duration(*command, "--older-than", flags->older_than, "Only those made so long ago");
  add_duration(*command, "--unused-for", flags->unused_for, "Only those not used for so long");
  add_duration(*command, "--keep", flags->keep, "Keep them in the trash for so long");
  add_format(*command, flags->json);
}

void add_volume_trash(CLI::App& volume, Session& session) {
  CLI::App& trash = add_command(volume, session, "trash", "Volumes that were removed with --keep: ls, restore, purge");
  trash.require_subcommand(1);
  const auto [ls, ls_flags] = add_care_verb(trash, session, "ls", "List them, the last removed first", list_trash);
  ls->add_flag("--size", ls_flags->size, "How much space each takes");
  add_format(*ls, ls_flags->json);
  const auto [back, back_flags] =
      add_care_verb(trash, session, "restore", "Bring one back and print its name", restore_volume);
  back->add_option("NAME", back_flags->name, "Its name, of which the last removed is meant, or its id")
      ->required()
      ->type_name("");
  back->add_option("NEW-NAME", back_flags->new_name, "What it is to be called (default: as it was)")->type_name("");
  const auto [gone, gone_flags] = add_care_verb(trash, session, "purge", "Delete them for good", purge_trash);
  gone->add_option("NAMES", gone_flags->names, "Names or ids (default: all)")->type_name("");
  add_duration(*gone, "--older-than", gone_flags->older_than, "Only those removed so long ago");
  gone->add_flag("-f,--force", gone_flags->force, "Do not ask");
}

}  // namespace

void add_volume_care(CLI::App& volume, Session& session) {
  add_volume_update(volume, session);
  const auto [command, flags] =
      add_care_verb(volume, session, "usage", "Show when volumes were used, and by whom", show_usage);
  add_names(*command, flags->names, "Volumes");
  command->add_flag("--size", flags->size, "Show how much they hold instead");
  add_duration(*command, "--max-age", flags->max_age, "With --size: so old the figure of an earlier walk may be");
  add_format(*command, flags->json);
  add_volume_prune(volume, session);
  add_volume_trash(volume, session);
}

}  // namespace cli
