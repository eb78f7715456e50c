// SPDX-License-Identifier: Apache-2.0
#include "compose.hpp"
#include "containers.hpp"
#include "log_flags.hpp"
#include "log_printer.hpp"
#include "moment.hpp"

namespace cli {
namespace {

struct ComposeLogsFlags {
  std::vector<std::string> services{};
  LogFlags part{};
  LogStyle style{};
  bool no_color = false;
  bool no_prefix = false;
  std::string until{};
  std::string index{};
};

int logs(const ComposeLogsFlags& flags, const ProjectFlags& source, const Session& session) {
  const std::string project = source.project_name();
  std::vector<std::string> names;
  for (const auto& info : containers_of(session, source, project, flags.services)) {
    const bool meant = flags.index.empty() || label_of(info, "com.docker.compose.container-number") == flags.index;
    if (meant && (!is_one_off(info) || !flags.services.empty())) names.push_back(info.name);
  }
  if (names.empty()) return 0;
  LogStyle style = flags.style;
  style.color = !flags.no_color;
  style.prefix = !flags.no_prefix;
  LogPrinter printer{project, names, style};
  const auto until = flags.until.empty() ? Moment::max() : parse_moment(flags.until);
  dunnage::project_logs(
      session.containers(), names,
      [&](const dunnage::ProjectLogLine& line) {
        if (line.time <= until) printer.print(line);
      },
      flags.part.options());
  return 0;
}

}  // namespace

void add_compose_logs(const Compose& compose) {
  CLI::App& command = compose.verb("logs", "Show what the containers have written");
  auto flags = std::make_shared<ComposeLogsFlags>();
  command.add_option("SERVICE", flags->services, "Only of these")->type_name("");
  flags->part.add_to(command, "they have", " of each");
  command.add_option("--until", flags->until, "Only what is older: a time, or how long ago (10m)")->type_name("TIME");
  command.add_option("--index", flags->index, "Of which container of a scaled service");
  command.add_flag("-t,--timestamps", flags->style.timestamps, "Put its time before each line");
  command.add_flag("--no-color", flags->no_color, "Without colours");
  command.add_flag("--no-log-prefix", flags->no_prefix, "Without names");
  compose.on_chosen(command, flags, logs);
}

}  // namespace cli
