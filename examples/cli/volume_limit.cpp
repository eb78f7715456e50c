// SPDX-License-Identifier: Apache-2.0
#include "volume_limit.hpp"

#include "duration.hpp"
#include "human_size.hpp"
#include "moment.hpp"
#include "table.hpp"

#include <iostream>
#include <stdexcept>

namespace cli {

void add_limit(CLI::App& command, std::string& size, std::uint64_t& inodes) {
  command.add_option("--limit", size, "How much it may hold: 64m, 10g, or none")->type_name("SIZE");
  command.add_option("--limit-inodes", inodes, "How many files and directories it may hold")->type_name("COUNT");
}

std::optional<dunnage::VolumeLimit> limit_of(const std::string& size, std::uint64_t inodes) {
  if (size.empty() && inodes == 0) return std::nullopt;
  if (size == "none") {
    if (inodes != 0) throw std::invalid_argument{"--limit none and --limit-inodes are one too many"};
    return dunnage::VolumeLimit{};
  }
  return dunnage::VolumeLimit{.size = size.empty() ? 0 : parse_size(size, "--limit"), .inodes = inodes};
}

std::string shown_usage(const dunnage::VolumeUsage& usage) {
  std::string text = human_size(usage.bytes);
  if (usage.limit.size != 0) text += " of " + human_size(usage.limit.size);
  if (usage.limit_way != dunnage::LimitWay::None) text += " by " + std::string{to_string(usage.limit_way)};
  return text;
}

int show_sizes(const std::vector<std::string>& names, const std::string& max_age, bool json, const Session& session) {
  const auto volumes = session.volumes();
  const dunnage::UsageOptions options{.max_age = max_age.empty() ? std::chrono::seconds{0} : parse_duration(max_age)};
  Table table{{"VOLUME NAME", "SIZE", "FILES", "FOUND BY", "MEASURED"}};
  const int exit_code = for_each_name(names, [&](const std::string& name) {
    const auto usage = volumes.usage(name, options);
    if (json) {
      std::cout << to_json(usage) << '\n';
      return;
    }
    table.add({name, shown_usage(usage), usage.files ? std::to_string(*usage.files) : "",
               std::string{to_string(usage.way)}, age(usage.measured_at)});
  });
  if (!json) std::cout << table;
  return exit_code;
}

}  // namespace cli
