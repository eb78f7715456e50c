// SPDX-License-Identifier: Apache-2.0
#include "fuzz/project_input.hpp"

#include <dunnage/error.hpp>
#include <dunnage/project_plan.hpp>

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::test {
namespace {

void require(bool condition, const char* what, const std::string& more = {}) {
  if (!condition) {
    std::cerr << "project input: " << what << '\n' << more << '\n';
    std::abort();
  }
}

ProjectSource source_of(const ProjectGround& ground, std::string text) {
  ProjectSource source;
  source.text = std::move(text);
  source.directory = ground.project();
  source.environment = Environment{{"NAME", "value"}, {"EMPTY", ""}, {"HOME", "/home/user"}};
  return source;
}

std::optional<Project> load(const ProjectSource& source) {
  try {
    return Project::load(source);
  } catch (const ProjectError& error) {
    const std::string_view what = error.what();
    require(what.size() < 5000, "a refusal is too long");
    require(error.place().line == 0 || (error.place().column >= 1 && what.find('^') != std::string_view::npos),
            "a refusal has no place", std::string{what});
  }
  return std::nullopt;
}

void use(const Project& project) {
  require(!nlohmann::json::parse(project.to_json()).empty(), "a project prints nothing");
  for (const ProjectNote& note : project.notes()) {
    require(note.to_string().size() < 5000, "a note is too long");
  }
  for (const std::string& name : project.start_order()) {
    try {
      (void)project.launch_spec(name, 1, "/contents");
    } catch (const Error&) {
      continue;  // there is nothing like it here
    }
  }
}

void plan(const Project& project, const std::filesystem::path& store) {
  try {
    require(!project.plan_down({.store = store}).changes_something(), "there is something to take down");
    (void)project.plan_up({.store = store}).to_json();
  } catch (const LaunchError&) {
    return;  // it cannot be brought up
  }
}

/// Docker Compose doubles each dollar sign it prints, and fills in none of a key; so does this library.
bool has_dollar_in_key(const std::string& yaml) {
  for (std::size_t at = yaml.find("$$"); at != std::string::npos; at = yaml.find("$$", at + 2)) {
    const std::string_view rest = std::string_view{yaml}.substr(at);
    if (rest.substr(0, rest.find('\n')).find(':') != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

/// What it prints means the same.
void print_and_load(const ProjectGround& ground, const Project& project) {
  const std::string printed = project.to_yaml();
  ProjectSource again = source_of(ground, printed);
  again.name = project.name();
  again.grants = ProjectGrants::all();  // it says itself what was granted by default: names of volumes
  again.profiles = {"*"};
  try {
    const Project second = Project::load(again);
    require(second.to_yaml() == printed, "what a project prints means another one",
            printed + "\n---\n" + second.to_yaml());
    for (const auto& entry : project.services()) {
      require(second.config_hash(entry.first) == project.config_hash(entry.first), "another hash", printed);
    }
  } catch (const ProjectError& error) {
    require(false, "what a project prints is refused", printed + error.what());
  }
}

}  // namespace

ProjectGround::ProjectGround() {
  directory_.write("project/more.yaml", "services: {other: {image: \"o:${TAG:-1}\"}}\nvolumes: {more: }\n");
  directory_.write("project/variables", "TAG=2\nQUOTED='a b'\n");
  directory_.write("project/.env", "TAG=3\nEXPORTED=$TAG\n");
  directory_.write("project/file", "content");
}

void load_project_input(const ProjectGround& ground, std::string_view bytes) {
  const auto project = load(source_of(ground, std::string{bytes}));
  if (!project) {
    return;
  }
  use(*project);
  plan(*project, ground.store());
  // others may depend on disabled ones, if only where they are enabled
  if (project->disabled_services().empty() && !has_dollar_in_key(project->to_yaml())) {
    print_and_load(ground, *project);
  }
}

}  // namespace dunnage::test
