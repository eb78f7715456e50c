// SPDX-License-Identifier: Apache-2.0
#include "compose.hpp"
#include "containers.hpp"
#include "log_printer.hpp"
#include "moment.hpp"

#include <charconv>
#include <stdexcept>

namespace cli {
namespace {

struct ComposeLogsFlags {
  std::vector<std::string> services{};
  std::string tail = "all";
  std::string since{};
  bool follow = false;
  LogStyle style{};
  bool no_color = false;
  bool no_prefix = false;
};

dunnage::LogOptions log_options(const ComposeLogsFlags& flags) {
  dunnage::LogOptions options;
  options.follow = flags.follow;
  if (flags.tail != "all") {
    std::size_t count = 0;
    const char* const end = flags.tail.data() + flags.tail.size();
    const auto [rest, error] = std::from_chars(flags.tail.data(), end, count);
    if (error != std::errc{} || rest != end) {
      throw std::invalid_argument{"--tail \"" + flags.tail + "\" is no number of lines; write a number or all"};
    }
    options.tail = count;
  }
  if (!flags.since.empty()) options.since = parse_moment(flags.since);
  return options;
}

int logs(const ComposeLogsFlags& flags, const ProjectFlags& source, const Session& session) {
  const std::string project = source.project_name();
  std::vector<std::string> names;
  for (const auto& info : containers_of(session, project, flags.services)) {
    if (!is_one_off(info) || !flags.services.empty()) names.push_back(info.name);
  }
  if (names.empty()) return 0;
  LogStyle style = flags.style;
  style.color = !flags.no_color;
  style.prefix = !flags.no_prefix;
  LogPrinter printer{project, names, style};
  dunnage::project_logs(
      session.containers(), names, [&](const dunnage::ProjectLogLine& line) { printer.print(line); },
      log_options(flags));
  return 0;
}

}  // namespace

void add_compose_logs(const Compose& compose) {
  CLI::App& command = compose.verb("logs", "Show what the containers have written");
  auto flags = std::make_shared<ComposeLogsFlags>();
  command.add_option("SERVICE", flags->services, "Only of these")->type_name("");
  command.add_flag("-f,--follow", flags->follow, "Go on until they have ended");
  command.add_option("-n,--tail", flags->tail, "Only the last so many lines of each, or all")->type_name("N");
  command.add_option("--since", flags->since, "Only what is newer: a time, or how long ago (10m)")->type_name("TIME");
  command.add_flag("-t,--timestamps", flags->style.timestamps, "Put its time before each line");
  command.add_flag("--no-color", flags->no_color, "Without colours");
  command.add_flag("--no-log-prefix", flags->no_prefix, "Without names");
  on_chosen(command, compose.session, flags,
            [project = compose.project, &session = compose.session](const ComposeLogsFlags& chosen) {
              return logs(chosen, *project, session);
            });
}

}  // namespace cli
