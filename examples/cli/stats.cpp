// SPDX-License-Identifier: Apache-2.0

// stats: what containers use at this moment, each figure once. Docker watches for a while and shows a percentage of the
// processors; here are seconds, so that whoever asks twice knows the difference.

#include "command.hpp"
#include "human_size.hpp"
#include "json.hpp"
#include "table.hpp"

#include <dunnage/container_store.hpp>
#include <dunnage/error.hpp>

#include <chrono>
#include <iomanip>
#include <iostream>
#include <optional>
#include <sstream>

namespace cli {
namespace {

struct StatsFlags {
  std::vector<std::string> names{};
  bool json = false;
};

constexpr std::size_t kShortId = 12;

std::string size_or_none(std::optional<std::uint64_t> bytes) { return bytes ? human_size(*bytes) : "--"; }

std::string number_or_none(std::optional<std::uint64_t> number) { return number ? std::to_string(*number) : "--"; }

/// Docker leaves out what can be taken away at once.
std::optional<std::uint64_t> used_memory(const dunnage::ContainerStats& stats) {
  if (!stats.memory_current) return std::nullopt;
  const auto inactive = stats.memory_inactive_file.value_or(0);
  return inactive < *stats.memory_current ? *stats.memory_current - inactive : *stats.memory_current;
}

std::string processor_time(const dunnage::ContainerStats& stats) {
  if (!stats.cpu_user || !stats.cpu_system) return "--";
  std::ostringstream text;
  text << std::fixed << std::setprecision(2)
       << std::chrono::duration<double>{*stats.cpu_user + *stats.cpu_system}.count() << 's';
  return text.str();
}

/// Without names: those that run and have something to tell.
std::vector<std::string> measured(const StatsFlags& flags, const dunnage::ContainerStore& containers) {
  if (!flags.names.empty()) return flags.names;
  std::vector<std::string> names;
  for (const auto& info : containers.list()) {
    const bool runs =
        info.status == dunnage::ContainerStatus::Running || info.status == dunnage::ContainerStatus::Paused;
    if (runs && !info.resources.empty()) names.push_back(info.name);
  }
  return names;
}

int stats(const StatsFlags& flags, const Session& session) {
  const auto containers = session.containers();
  Table table{
      {"CONTAINER ID", "NAME", "MEM USAGE", "MEM LIMIT", "CPU TIME", "THROTTLED", "BLOCK I/O", "PIDS", "PIDS LIMIT"}};
  std::vector<std::string> objects;
  const int exit_code = for_each_name(measured(flags, containers), [&](const std::string& name) {
    const auto container = containers.get(name);
    const auto figures = container.stats();
    if (flags.json) {
      Json object{{"Id", container.id()}, {"Name", container.name()}};
      object.update(Json::parse(figures.to_json()));
      objects.push_back(one_line(object));
      return;
    }
    table.add({container.id().substr(0, kShortId), container.name(), size_or_none(used_memory(figures)),
               size_or_none(figures.memory_limit), processor_time(figures),
               number_or_none(figures.cpu_throttled_periods),
               size_or_none(figures.io_read_bytes) + " / " + size_or_none(figures.io_write_bytes),
               number_or_none(figures.pids_current), number_or_none(figures.pids_limit)});
  });
  if (flags.json) {
    std::cout << pretty_array(objects) << '\n';
  } else {
    std::cout << table;
  }
  return exit_code;
}

}  // namespace

void add_stats(CLI::App& parent, Session& session) {
  CLI::App& command = add_command(parent, session, "stats", "Show what running containers use, once");
  auto flags = std::make_shared<StatsFlags>();
  command.add_option("NAMES", flags->names, "Containers; without any, those that run with limits or --statistics");
  add_format(command, flags->json);
  on_chosen(command, session, flags, [&session](const StatsFlags& chosen) { return stats(chosen, session); });
}

}  // namespace cli
