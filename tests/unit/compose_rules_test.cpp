// SPDX-License-Identifier: Apache-2.0
#include "compose_support.hpp"

#include <dunnage/project.hpp>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using dunnage::Project;
using dunnage::ProjectSource;
using dunnage::test::ProjectDirectory;
using dunnage::test::read_text;
using dunnage::test::replace_all;

/// One case of tests/compose/rules.txt: files, and what becomes of them.
struct Case {
  std::string title{};
  std::map<std::string, std::string> files{};
  std::vector<std::string> words{"compose.yaml"};
  std::string printed{};
  std::string refused{};  ///< the reference loader's words, and this library's in the next line
};

std::vector<Case> cases() {
  std::vector<Case> all;
  std::istringstream text{read_text(DUNNAGE_TEST_SOURCE_DIR "/tests/compose/rules.txt")};
  std::string* to = nullptr;
  std::string words;
  const auto finish = [&] {
    if (!words.empty()) {
      std::istringstream stream{std::exchange(words, {})};
      all.back().words.clear();
      for (std::string word; stream >> word;) {
        all.back().words.push_back(word);
      }
    }
  };
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("=== ")) {
      if (!all.empty()) {
        finish();
      }
      all.push_back({.title = line.substr(4)});
    } else if (line.starts_with("--- ")) {
      finish();
      const std::string name = line.substr(4);
      to = name == "args"      ? &words
           : name == "printed" ? &all.back().printed
           : name == "refused" ? &all.back().refused
                               : &all.back().files[name];
    } else {
      *to += line + "\n";
    }
  }
  return all;
}

ProjectSource source_of(const Case& one, const ProjectDirectory& directory) {
  ProjectSource source = directory.trusted();
  source.files.clear();
  for (std::size_t index = 0; index < one.words.size(); ++index) {
    if (one.words[index] == "-profile") {
      source.profiles.push_back(one.words[++index]);
    } else {
      source.files.push_back(directory.path() / one.words[index]);
    }
  }
  return source;
}

}  // namespace

TEST_CASE("projects are merged, filled in and refused as the reference loader does it", "[compose]") {
  const auto all = cases();
  REQUIRE(all.size() > 60);
  for (const Case& one : all) {
    INFO(one.title);
    const ProjectDirectory directory{one.files};
    std::string printed;
    std::string refused;
    try {
      printed = Project::load(source_of(one, directory)).to_yaml();
    } catch (const dunnage::ProjectError& error) {
      refused = error.what();
    }
    const auto neutral = [&](const std::string& text) { return replace_all(text, directory.path().string(), "@DIR@"); };
    CHECK(neutral(printed) == one.printed);
    const std::size_t first = one.refused.find('\n');
    const std::string ours = first == std::string::npos ? "" : one.refused.substr(first + 1);
    CHECK(neutral(refused.substr(0, refused.find('\n'))) + (refused.empty() ? "" : "\n") == ours);
  }
}

TEST_CASE("a message shows the line with a caret, and says where it is", "[compose]") {
  const ProjectDirectory directory{{{"compose.yaml", "services:\n  web:\n    image: nginx\n    prots: [80]\n"}}};
  try {
    (void)Project::load(directory.trusted());
    FAIL("it was loaded");
  } catch (const dunnage::ProjectError& error) {
    CHECK(std::string{error.what()} ==
          "compose.yaml:4:5: services.web.prots: \"prots\" is no key of a service; did you mean \"ports\"?\n"
          "      prots: [80]\n"
          "      ^~~~~");
    CHECK(error.place() == dunnage::ProjectPlace{"compose.yaml", 4, 5});
    CHECK(error.path() == "services.web.prots");
  }
}

TEST_CASE("a project can be given as a text", "[compose]") {
  ProjectSource source;
  source.text = "services: {web: {image: nginx, volumes: [data:/data]}}\nvolumes: {data: }\n";
  source.directory = "/srv/shop";
  const Project project = Project::load(source);
  CHECK(project.name() == "shop");
  CHECK(project.files().empty());
  CHECK(project.volumes().at("data").name == "shop_data");
  CHECK(project == Project::load(source));
}

TEST_CASE("without interpolation variables stay as they are written", "[compose]") {
  ProjectSource source;
  source.text = "name: n\nservices: {a: {image: \"a:${TAG}\", scale: \"${N}\", ports: [\"${P}:80\"]}}\n";
  source.interpolate = false;
  const std::string printed = Project::load(source).to_yaml();
  CHECK_THAT(printed, Catch::Contains("image: a:${TAG}"));
  CHECK_THAT(printed, Catch::Contains("scale: ${N}"));
}

TEST_CASE("files are found in the directory or above, with their override", "[compose]") {
  const ProjectDirectory directory{{{"docker-compose.yml", "services: {a: {image: a}}"},
                                    {"compose.override.yaml", "services: {a: {command: b}}"},
                                    {"deep/er/file", ""}}};
  const auto files = dunnage::find_project_files(directory.path() / "deep" / "er");
  CHECK(files == std::vector{directory.path() / "docker-compose.yml", directory.path() / "compose.override.yaml"});
}

TEST_CASE("COMPOSE_FILE in .env names the files", "[compose]") {
  const ProjectDirectory directory{{{".env", "COMPOSE_FILE=a.yaml:b.yaml\n"},
                                    {"a.yaml", "services: {a: {image: a}}"},
                                    {"b.yaml", "services: {a: {command: b}}"}}};
  ProjectSource source;
  source.directory = directory.path();
  CHECK(Project::load(source).services().at("a").command == std::vector<std::string>{"b"});
}
