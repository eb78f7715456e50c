// SPDX-License-Identifier: Apache-2.0

// volume create, ls, inspect and rm; the rest is in volume_care.cpp.

#include "command.hpp"
#include "duration.hpp"
#include "json.hpp"
#include "labels.hpp"
#include "seed.hpp"
#include "table.hpp"
#include "volume_care.hpp"
#include "volume_limit.hpp"

#include <dunnage/error.hpp>
#include <dunnage/volume_store.hpp>

#include <iostream>
#include <stdexcept>

namespace cli {
namespace {

struct VolumeFlags {
  std::vector<std::string> names{};
  std::string name{};
  std::vector<std::string> labels{};
  std::vector<std::string> options{};
  std::string driver = "local";
  std::vector<std::string> filters{};
  bool quiet = false;
  bool json = false;
  std::string keep{};
  bool protect = false;
  std::string seed{};
  bool force = false;
  std::string limit{};
  std::uint64_t limit_inodes = 0;
  bool dry_run = false;
};

using Verb = int (*)(const VolumeFlags&, const Session&);

int create(const VolumeFlags& flags, const Session& session) {
  auto volumes = session.volumes();
  const dunnage::VolumeOptions options{.labels = parse_labels(flags.labels),
                                       .driver = flags.driver,
                                       .driver_options = parse_labels(flags.options),
                                       .protect = flags.protect,
                                       .seed = parse_seed(flags.seed),
                                       .limit = limit_of(flags.limit, flags.limit_inodes)};
  if (flags.dry_run) {
    if (!options.limit) throw std::invalid_argument{"--dry-run shows how a limit would be held: give --limit"};
    std::cout << volumes.plan_limit(*options.limit, options.driver_options);
    return 0;
  }
  if (options.limit && !flags.name.empty()) {  // one that is there might have another limit, or none
    std::cout << volumes.create(flags.name, options).name() << '\n';
    return 0;
  }
  // As in Docker, creating what is there already succeeds.
  const auto volume =
      flags.name.empty() ? volumes.create_anonymous({}, options) : volumes.get_or_create(flags.name, options);
  std::cout << volume.name() << '\n';
  return 0;
}

Json row_of(const dunnage::Volume& volume) {
  return {{"Driver", volume.info().driver},
          {"Labels", joined(volume.labels())},
          {"Mountpoint", volume.mountpoint().string()},
          {"Name", volume.name()},
          {"Scope", "local"}};
}

int list(const VolumeFlags& flags, const Session& session) {
  const auto volumes = session.volumes();
  Table table{{"DRIVER", "VOLUME NAME"}};
  std::vector<std::string> damaged;
  for (const auto& volume : volumes.list(parse_filters(flags.filters), damaged)) {
    if (flags.quiet) {
      std::cout << volume.name() << '\n';
    } else if (flags.json) {
      std::cout << one_line(row_of(volume)) << '\n';
    } else {
      table.add({"local", volume.name()});
    }
  }
  if (!flags.quiet && !flags.json) std::cout << table;
  for (const auto& name : damaged) {
    complain("volume \"" + name + "\" is left out: its metadata cannot be read; its data is untouched");
  }
  return 0;
}

int inspect(const VolumeFlags& flags, const Session& session) {
  const auto volumes = session.volumes();
  std::vector<std::string> objects;
  const int exit_code = for_each_name(
      flags.names, [&](const std::string& name) { objects.push_back(to_json(volumes.get(name).info())); });
  std::cout << pretty_array(objects) << '\n';
  return exit_code;
}

int remove(const VolumeFlags& flags, const Session& session) {
  const auto keep = flags.keep.empty() ? std::chrono::seconds{0} : parse_duration(flags.keep);
  auto volumes = session.volumes();
  return for_each_name(flags.names, [&](const std::string& name) {
    try {
      volumes.remove(name, {.keep = keep});
    } catch (const dunnage::VolumeError& error) {
      // -f asks for it to be gone, and it is.
      if (!flags.force || error.code() != dunnage::errc::volume_missing) throw;
    }
    std::cout << name << std::endl;
  });
}

std::pair<CLI::App*, std::shared_ptr<VolumeFlags>> add_verb(CLI::App& parent, Session& session, const std::string& name,
                                                            const std::string& description, Verb verb) {
  CLI::App& command = add_command(parent, session, name, description);
  auto flags = std::make_shared<VolumeFlags>();
  on_chosen(command, session, flags, [&session, verb](const VolumeFlags& chosen) { return verb(chosen, session); });
  return {&command, flags};
}

void add_filter(CLI::App& command, VolumeFlags& flags) {
  add_repeated(command, "--filter", flags.filters, "label=KEY[=VALUE] or dangling=true|false");
}

void add_making(CLI::App& volume, Session& session) {
  const auto [command, flags] = add_verb(volume, session, "create", "Make a volume and print its name", create);
  command->add_option("NAME", flags->name, "Its name (default: a random one)")->type_name("");
  add_repeated(*command, "--label", flags->labels, "Label: KEY=VALUE");
  command->add_flag("--protect", flags->protect, "Let nothing remove it; not for one without a name");
  command->add_option("--seed", flags->seed, "What is in it: dir=PATH, tar=FILE or snapshot=VOLUME@SNAPSHOT")
      ->type_name("KIND=SOURCE");
  add_limit(*command, flags->limit, flags->limit_inodes);
  command->add_flag("--dry-run", flags->dry_run, "Only show how the limit would be held, and what that costs");
  command->add_option("-d,--driver", flags->driver, "Driver; there is \"local\"")->type_name("DRIVER");
  add_repeated(*command, "-o,--opt", flags->options,
               "Option of the driver: type=none|tmpfs|ext4|..., device=PATH, o=WORDS of mount(8)");
}

void add_looking(CLI::App& volume, Session& session) {
  const auto [ls, ls_flags] = add_verb(volume, session, "ls", "List volumes", list);
  ls->add_flag("-q,--quiet", ls_flags->quiet, "Names only");
  add_filter(*ls, *ls_flags);
  add_format(*ls, ls_flags->json);
  const auto [look, look_flags] =
      add_verb(volume, session, "inspect", "Show all that is known, as a JSON array", inspect);
  add_names(*look, look_flags->names, "Volumes");
  add_format(*look, look_flags->json);
}

void add_removing(CLI::App& volume, Session& session) {
  const auto [rm, rm_flags] = add_verb(volume, session, "rm", "Remove volumes that no container uses", remove);
  add_names(*rm, rm_flags->names, "Volumes");
  rm->add_flag("-f,--force", rm_flags->force, "Do not complain about those that are absent");
  rm->add_option("--keep", rm_flags->keep, "Keep them in the trash for so long: 7d, 12h, 90s")->type_name("TIME");
}

}  // namespace

void add_volume(CLI::App& parent, Session& session) {
  CLI::App& volume = add_command(parent, session, "volume",
                                 "Volumes: create, ls, update, prune, snapshot, clone, export, rename, ...");
  volume.require_subcommand(1);
  add_making(volume, session);
  add_looking(volume, session);
  add_removing(volume, session);
  add_volume_history(volume, session);
  add_volume_care(volume, session);
  add_volume_moves(volume, session);
}

}  // namespace cli
