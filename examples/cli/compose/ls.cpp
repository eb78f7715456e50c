// SPDX-License-Identifier: Apache-2.0

// compose ls: the projects that have containers in the store.

#include "compose.hpp"
#include "container_words.hpp"
#include "containers.hpp"
#include "json.hpp"
#include "table.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <set>

namespace cli {
namespace {

struct LsFlags {
  bool all = false;
  bool quiet = false;
  bool json = false;
};

struct Running {
  std::map<std::string, std::size_t> statuses{};
  std::set<std::string> files{};
  bool up = false;
};

std::map<std::string, Running> projects_in(const Session& session) {
  std::map<std::string, Running> projects;
  for (const auto& info : session.containers().list()) {
    const std::string name = label_of(info, "com.docker.compose.project");
    if (name.empty() || is_one_off(info)) continue;
    Running& project = projects[name];
    ++project.statuses[std::string{to_string(info.status)}];
    project.files.insert(label_of(info, "com.docker.compose.project.config_files"));
    project.up = project.up || is_up(info.status);
  }
  return projects;
}

/// "exited(1), running(2)"
std::string counts_of(const Running& project) {
  std::string text;
  for (const auto& [status, count] : project.statuses) {
    text += (text.empty() ? "" : ", ") + status + "(" + std::to_string(count) + ")";
  }
  return text;
}

std::string files_of(const Running& project) {
  std::string text;
  for (const auto& file : project.files) text += (text.empty() ? "" : ",") + file;
  return text;
}

int ls(const LsFlags& flags, const ProjectFlags& /*source*/, const Session& session) {
  Table table{{"NAME", "STATUS", "CONFIG FILES"}};
  Json rows = Json::array();
  for (const auto& [name, project] : projects_in(session)) {
    if (!flags.all && !project.up) continue;
    if (flags.quiet) {
      std::cout << name << '\n';
    } else if (flags.json) {
      rows.push_back({{"Name", name}, {"Status", counts_of(project)}, {"ConfigFiles", files_of(project)}});
    } else {
      table.add({name, counts_of(project), files_of(project)});
    }
  }
  if (flags.json && !flags.quiet) std::cout << one_line(rows) << '\n';
  if (!flags.quiet && !flags.json) std::cout << table;
  return 0;
}

}  // namespace

void add_compose_ls(const Compose& compose) {
  CLI::App& command = compose.verb("ls", "List the projects that run");
  auto flags = std::make_shared<LsFlags>();
  command.add_flag("-a,--all", flags->all, "Those that have stopped, too");
  command.add_flag("-q,--quiet", flags->quiet, "Names only");
  add_format(command, flags->json);
  compose.on_chosen(command, flags, ls);
}

}  // namespace cli
