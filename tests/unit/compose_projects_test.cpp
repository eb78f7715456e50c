// SPDX-License-Identifier: Apache-2.0
#include "compose_support.hpp"

#include <dunnage/project.hpp>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

using dunnage::Project;
using dunnage::ProjectSource;
using dunnage::test::read_text;
using dunnage::test::replace_all;

const std::filesystem::path kProjects = DUNNAGE_TEST_SOURCE_DIR "/tests/compose/projects";

std::vector<std::filesystem::path> projects() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator{kProjects}) {
    found.push_back(entry.path());
  }
  return found;
}

ProjectSource source_of(const std::filesystem::path& directory) {
  ProjectSource source;
  source.files = {directory / "compose.yaml"};
  source.environment = dunnage::Environment{{"HOME", "/home/user"}};
  source.grants = dunnage::ProjectGrants::all();
  return source;
}

}  // namespace

TEST_CASE("projects of the world are printed as Docker Compose prints them", "[compose]") {
  const auto all = projects();
  REQUIRE(all.size() >= 20);
  for (const auto& directory : all) {
    INFO(directory.filename());
    const Project project = Project::load(source_of(directory));
    CHECK(replace_all(project.to_yaml(), directory.string(), "@DIR@") == read_text(directory / "golden.yaml"));
    CHECK(replace_all(project.to_json(), directory.string(), "@DIR@") == read_text(directory / "golden.json"));
  }
}

TEST_CASE("what a project prints is read back as the same project", "[compose]") {
  for (const auto& directory : projects()) {
    INFO(directory.filename());
    ProjectSource first = source_of(directory);
    first.profiles = {"*"};
    const Project project = Project::load(first);
    ProjectSource again = first;
    again.files.clear();
    again.directory = directory;
    again.text = project.to_yaml();
    again.name = project.name();
    CHECK(Project::load(again).to_yaml() == project.to_yaml());
  }
}

TEST_CASE("a service's hash is the one that Docker Compose computes", "[compose]") {
  std::istringstream lines{read_text(DUNNAGE_TEST_SOURCE_DIR "/tests/compose/hashes.txt")};
  std::map<std::string, Project> loaded;
  std::string directory;
  std::string service;
  std::string hash;
  std::size_t count = 0;
  while (lines >> directory >> service >> hash) {
    INFO(directory << " " << service);
    auto found = loaded.find(directory);
    if (found == loaded.end()) {
      found = loaded.emplace(directory, Project::load(source_of(kProjects / directory))).first;
    }
    CHECK(found->second.config_hash(service) == hash);
    ++count;
  }
  CHECK(count >= 20);
}
