// SPDX-License-Identifier: Apache-2.0
#include "project_flags.hpp"

#include "command.hpp"
#include "remembered.hpp"

#include <dunnage/error.hpp>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>

namespace cli {
namespace {

/// Read once: a verb may load the project again, and the input is over then.
const std::string& text_of_input() {
  static const std::string text{std::istreambuf_iterator<char>{std::cin}, std::istreambuf_iterator<char>{}};
  return text;
}

}  // namespace

void ProjectFlags::add_to(CLI::App& compose) {
  add_repeated(compose, "-f,--file", files, "Compose file; several are merged in their order, - is standard input")
      ->type_name("FILE");
  compose.add_option("-p,--project-name", name, "Name of the project")->type_name("NAME");
  add_repeated(compose, "--profile", profiles, "Profile to enable; * is all")->type_name("NAME");
  compose.add_option("--project-directory", directory, "Base of relative paths (default: that of the first file)")
      ->type_name("DIR");
  add_repeated(compose, "--env-file", env_files, "File of variables instead of .env")->type_name("FILE");
  compose.add_flag("--untrusted", untrusted,
                   "The files are somebody else's: nothing outside of the project is granted to them");
}

dunnage::ProjectSource ProjectFlags::source() const {
  dunnage::ProjectSource source;
  if (files.size() == 1 && files.front() == "-") {
    source.text = text_of_input();
  } else {
    source.files.assign(files.begin(), files.end());
  }
  source.name = name;
  source.profiles = profiles;
  source.directory = directory;
  source.env_files.assign(env_files.begin(), env_files.end());
  source.interpolate = interpolate;
  if (!untrusted) source.grants = dunnage::ProjectGrants::all();
  return source;
}

dunnage::Project ProjectFlags::load(const std::vector<std::string>& services) const {
  dunnage::ProjectSource from = source();
  dunnage::Project project = dunnage::Project::load(from);
  bool more = false;
  for (const auto& service : services) {
    const auto disabled = project.disabled_services().find(service);
    if (disabled == project.disabled_services().end()) continue;
    from.profiles.insert(from.profiles.end(), disabled->second.begin(), disabled->second.end());
    more = true;
  }
  return more ? dunnage::Project::load(from) : project;
}

dunnage::Project ProjectFlags::load_aloud(const std::vector<std::string>& services) const {
  dunnage::Project project = load(services);
  for (const auto& note : project.notes()) complain("warning: " + note.to_string());
  return project;
}

dunnage::Project ProjectFlags::load_or_remember(const Session& session,
                                                const std::vector<std::string>& services) const {
  const bool told = !files.empty() || !directory.empty() || std::getenv("COMPOSE_FILE") != nullptr;
  if (name.empty() || told || !dunnage::find_project_files(std::filesystem::current_path()).empty()) {
    return load(services);
  }
  return remembered_project(session, name);
}

std::string ProjectFlags::project_name() const { return name.empty() ? load().name() : name; }

}  // namespace cli
