// SPDX-License-Identifier: Apache-2.0
#include "project_flags.hpp"

#include "command.hpp"

#include <dunnage/error.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>

namespace cli {
namespace {

std::string text_of_input() { return {std::istreambuf_iterator<char>{std::cin}, std::istreambuf_iterator<char>{}}; }

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

dunnage::Project ProjectFlags::load(bool quiet) const {
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
  dunnage::Project project = dunnage::Project::load(source);
  if (!quiet) {
    for (const auto& note : project.notes()) complain("warning: " + note.to_string());
  }
  return project;
}

std::string ProjectFlags::project_name() const { return name.empty() ? load(true).name() : name; }

}  // namespace cli
