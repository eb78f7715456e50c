// SPDX-License-Identifier: Apache-2.0

// volume snapshot create, ls, rm, diff, rollback; volume clone.

#include "command.hpp"
#include "human_size.hpp"
#include "json.hpp"
#include "labels.hpp"
#include "moment.hpp"
#include "progress_line.hpp"
#include "table.hpp"

#include <dunnage/volume_history.hpp>

#include <iostream>

namespace cli {
namespace {

struct HistoryFlags {
  std::string volume{};
  std::string snapshot{};
  std::string to{};
  std::vector<std::string> names{};
  std::vector<std::string> labels{};
  bool quiet = false;
  bool json = false;
  bool plan = false;
  bool discard = false;
  bool trust_times = false;
};

using HistoryVerb = int (*)(const HistoryFlags&, const Session&);

/// What it is worth, for whoever did not ask.
void tell_consistency(dunnage::SnapshotConsistency consistency) {
  if (consistency == dunnage::SnapshotConsistency::Crash) {
    complain("the volume was in use: its files are as after a power cut");
  } else if (consistency == dunnage::SnapshotConsistency::Unordered) {
    complain("the volume was in use, and its files were copied one after the other: they may not fit each other");
  }
}

int tell_plan(const HistoryFlags& flags, const Session& session) {
  const auto plan = session.volumes().history(flags.volume).plan();
  std::cout << to_string(plan.way) << ": " << plan.entries << " entries, " << human_size(plan.copied) << " of "
            << human_size(plan.bytes) << " to be copied; " << plan.reason << '\n';
  for (const auto& user : plan.users) std::cout << "in use by " << user << '\n';
  return 0;
}

int create_snapshot(const HistoryFlags& flags, const Session& session) {
  if (flags.plan) return tell_plan(flags, session);
  dunnage::VolumeSnapshot made;
  {
    ProgressLine progress{flags.quiet};
    made = session.volumes()
               .history(flags.volume)
               .snapshot({.name = flags.snapshot, .labels = parse_labels(flags.labels), .watch = progress.watch()});
  }
  std::cout << made.name << '\n';
  tell_consistency(made.consistency);
  return 0;
}

int list_snapshots(const HistoryFlags& flags, const Session& session) {
  Table table{{"SNAPSHOT", "CREATED", "WAY", "CONSISTENCY", "LABELS"}};
  for (const auto& snapshot : session.volumes().history(flags.volume).snapshots()) {
    if (flags.quiet) {
      std::cout << snapshot.name << '\n';
    } else if (flags.json) {
      std::cout << one_line(Json::parse(to_json(snapshot))) << '\n';
    } else {
      table.add({snapshot.name, age(snapshot.created_at), std::string{to_string(snapshot.way)},
                 std::string{to_string(snapshot.consistency)}, joined(snapshot.labels)});
    }
  }
  if (!flags.quiet && !flags.json) std::cout << table;
  return 0;
}

int remove_snapshots(const HistoryFlags& flags, const Session& session) {
  auto history = session.volumes().history(flags.volume);
  return for_each_name(flags.names, [&](const std::string& name) {
    history.remove(name);
    std::cout << name << std::endl;
  });
}

char letter_of(dunnage::SnapshotChange::Kind kind) {
  using Kind = dunnage::SnapshotChange::Kind;
  return kind == Kind::Added ? 'A' : kind == Kind::Deleted ? 'D' : kind == Kind::Metadata ? 'M' : 'C';
}

int diff_snapshots(const HistoryFlags& flags, const Session& session) {
  const auto to = flags.to.empty() ? std::nullopt : std::optional{flags.to};
  ProgressLine progress{flags.quiet};
  const auto changes = session.volumes()
                           .history(flags.volume)
                           .diff(flags.snapshot, to, {.trust_times = flags.trust_times, .watch = progress.watch()});
  progress.clear();
  Json all = Json::array();
  for (const auto& change : changes) {
    if (flags.json) {
      all.push_back({{"Kind", to_string(change.kind)}, {"Path", change.path}, {"What", change.what}});
      continue;
    }
    std::cout << letter_of(change.kind) << ' ' << change.path;
    for (const auto& word : change.what) std::cout << (&word == change.what.data() ? "  " : ", ") << word;
    std::cout << '\n';
  }
  if (flags.json) std::cout << all.dump(4, ' ', false, Json::error_handler_t::replace) << '\n';
  return 0;
}

int roll_back(const HistoryFlags& flags, const Session& session) {
  ProgressLine progress{flags.quiet};
  const auto before =
      session.volumes()
          .history(flags.volume)
          .rollback(flags.snapshot, {.keep_before = !flags.discard, .before = flags.to, .watch = progress.watch()});
  progress.clear();
  if (before) std::cout << before->name << '\n';
  return 0;
}

int clone(const HistoryFlags& flags, const Session& session) {
  dunnage::CloneOptions options;
  if (!flags.snapshot.empty()) options.snapshot = flags.snapshot;
  if (!flags.labels.empty()) options.labels = parse_labels(flags.labels);
  ProgressLine progress{flags.quiet};
  options.watch = progress.watch();
  const auto made = session.volumes().clone(flags.volume, flags.to, options);
  progress.clear();
  std::cout << made.volume.name() << '\n';
  tell_consistency(made.consistency);
  return 0;
}

std::pair<CLI::App*, std::shared_ptr<HistoryFlags>> add_verb(CLI::App& parent, Session& session,
                                                             const std::string& name, const std::string& description,
                                                             HistoryVerb verb) {
  CLI::App& command = add_command(parent, session, name, description);
  auto flags = std::make_shared<HistoryFlags>();
  on_chosen(command, session, flags, [&session, verb](const HistoryFlags& chosen) { return verb(chosen, session); });
  command.add_option("VOLUME", flags->volume, "The volume")->required()->type_name("");
  return {&command, flags};
}

void add_snapshot_making(CLI::App& snapshot, Session& session) {
  const auto [command, flags] = add_verb(snapshot, session, "create",
                                         "Keep a volume as it is now, and print the snapshot's name", create_snapshot);
  command->add_option("SNAPSHOT", flags->snapshot, "Its name (default: one made of the time)")->type_name("");
  add_repeated(*command, "--label", flags->labels, "Label: KEY=VALUE");
  command->add_flag("--plan", flags->plan, "Only tell which way it would go, and what it would cost");
  command->add_flag("-q,--quiet", flags->quiet, "Show no progress");
}

void add_snapshot_looking(CLI::App& snapshot, Session& session) {
  const auto [ls, ls_flags] = add_verb(snapshot, session, "ls", "List snapshots, oldest first", list_snapshots);
  ls->add_flag("-q,--quiet", ls_flags->quiet, "Names only");
  add_format(*ls, ls_flags->json);
  const auto [diff, flags] =
      add_verb(snapshot, session, "diff", "List what has changed since: A(dded), D(eleted), C(hanged), M(etadata)",
               diff_snapshots);
  diff->add_option("SNAPSHOT", flags->snapshot, "Since when")->required()->type_name("");
  diff->add_option("TO", flags->to, "Up to this snapshot (default: now)")->type_name("");
  diff->add_flag("--trust-times", flags->trust_times, "Do not read files of the same size and time");
  diff->add_flag("-q,--quiet", flags->quiet, "Show no progress");
  add_format(*diff, flags->json);
}

void add_snapshot_changing(CLI::App& snapshot, Session& session) {
  const auto [rm, rm_flags] = add_verb(snapshot, session, "rm", "Remove snapshots", remove_snapshots);
  add_names(*rm, rm_flags->names, "Snapshots");
  const auto [back, flags] =
      add_verb(snapshot, session, "rollback",
               "Go back to a snapshot, and print the name of the one of the state before", roll_back);
  back->add_option("SNAPSHOT", flags->snapshot, "The snapshot")->required()->type_name("");
  back->add_option("--before", flags->to, "Name for the state before (default: one made of the time)")
      ->type_name("NAME");
  back->add_flag("--discard", flags->discard, "Do not keep the state before");
  back->add_flag("-q,--quiet", flags->quiet, "Show no progress");
}

}  // namespace

void add_volume_history(CLI::App& parent, Session& session) {
  CLI::App& snapshot = add_command(parent, session, "snapshot", "States of a volume: create, ls, diff, rollback, rm");
  snapshot.require_subcommand(1);
  add_snapshot_making(snapshot, session);
  add_snapshot_looking(snapshot, session);
  add_snapshot_changing(snapshot, session);
  const auto [command, flags] =
      add_verb(parent, session, "clone", "Make a volume with the data of another one, and print its name", clone);
  command->add_option("NAME", flags->to, "The new volume")->required()->type_name("");
  command->add_option("--snapshot", flags->snapshot, "As it is in this snapshot (default: now)")->type_name("SNAPSHOT");
  add_repeated(*command, "--label", flags->labels, "Label: KEY=VALUE (default: those of the source)");
  command->add_flag("-q,--quiet", flags->quiet, "Show no progress");
}

}  // namespace cli
