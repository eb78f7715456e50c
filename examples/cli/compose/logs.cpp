// SPDX-License-Identifier: Apache-2.0
#include "compose.hpp"
#include "containers.hpp"
#include "log_flags.hpp"
#include "log_printer.hpp"

namespace cli {
namespace {

struct ComposeLogsFlags {
  std::vector<std::string> services{};
  LogFlags part{};
  LogStyle style{};
  bool no_color = false;
  bool no_prefix = false;
};

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
      flags.part.options());
  return 0;
}

}  // namespace

void add_compose_logs(const Compose& compose) {
  CLI::App& command = compose.verb("logs", "Show what the containers have written");
  auto flags = std::make_shared<ComposeLogsFlags>();
  command.add_option("SERVICE", flags->services, "Only of these")->type_name("");
  flags->part.add_to(command, "they have", " of each");
  command.add_flag("-t,--timestamps", flags->style.timestamps, "Put its time before each line");
  command.add_flag("--no-color", flags->no_color, "Without colours");
  command.add_flag("--no-log-prefix", flags->no_prefix, "Without names");
  compose.on_chosen(command, flags, logs);
}

}  // namespace cli
