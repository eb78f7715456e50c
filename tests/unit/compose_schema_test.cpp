// SPDX-License-Identifier: Apache-2.0
// Every key of the specification's schema has an effect, or a note says that it has none.

#include "compose_support.hpp"

#include <dunnage/project.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

using dunnage::Project;
using dunnage::ProjectNote;
using dunnage::ProjectSource;
using dunnage::test::read_text;
using dunnage::test::replace_all;

constexpr const char* kKeys = DUNNAGE_TEST_SOURCE_DIR "/tests/compose/schema_keys.txt";
constexpr const char* kValues = DUNNAGE_TEST_SOURCE_DIR "/tests/compose/schema_values.txt";

struct KeyCase {
  std::string object;    ///< "services.*.volumes.[]"
  std::string key;       ///< "target"
  std::string document;  ///< where "@" is the place of the key
  std::string text;      ///< "target: /a"
};

std::vector<KeyCase> cases() {
  std::vector<KeyCase> all;
  std::istringstream lines{read_text(kValues)};
  std::string line, object, document;
  while (std::getline(lines, line)) {
    if (line.starts_with('#')) continue;
    if (line.starts_with("= ")) {
      object = line.substr(2);
      std::getline(lines, document);
    } else {
      all.push_back({object, line.substr(0, line.find(':')), document, line});
    }
  }
  return all;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in{text};
  for (std::string part; std::getline(in, part, '.');) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

/// Whether a note is about the key, about something in it, or about something it is in.
bool is_about(const ProjectNote& note, const KeyCase& one) {
  const auto at = split(replace_all(note.path, "[0]", ".[]"));
  auto key = split(one.object);
  key.push_back(one.key);
  const auto common = static_cast<std::ptrdiff_t>(std::min(at.size(), key.size()));
  return note.path != "services" &&
         std::equal(at.begin(), at.begin() + common, key.begin(),
                    [](const auto& left, const auto& right) { return right == "*" || left == right; });
}

/// It leads to the word itself.
bool has_place(const ProjectNote& note, const std::string& document) {
  const std::string last = split(replace_all(note.path, "[0]", ".[]")).back();
  return note.place.file == "compose.yaml" && note.place.line == 1 && note.place.column >= 1 &&
         (last == "[]" || document.substr(note.place.column - 1).starts_with(last));
}

struct Loaded {
  std::optional<Project> project{};
  std::string refusal{};  ///< if there is none
};

class Files {
 public:
  [[nodiscard]] Loaded load(const std::string& document) const {
    ProjectSource source;
    source.text = document;
    source.directory = directory_.path();
    source.environment = dunnage::Environment{{"SECRET", "s"}};
    source.grants = dunnage::ProjectGrants::all();
    try {
      return {.project = Project::load(source)};
    } catch (const dunnage::ProjectError& error) {
      return {.refusal = error.what()};
    }
  }

 private:
  dunnage::test::ProjectDirectory directory_{
      {{"more.yaml", "services: {t: {image: j}, u: {image: j}}\n"},
       {"variable.yaml", "services: {t: {image: \"j:${TAG:-none}\", volumes: [\"./a:/a\"]}}\n"},
       {"variables", "TAG=new\n"},
       {"raw", "A='b'\n"},
       {"file", "content"},
       {"sub/file", "content"}}};
};

/// In what a program gets of it.
bool differs(const Project& one, const Project& other) {
  return one.name() != other.name() || one.services() != other.services() ||
         one.disabled_services() != other.disabled_services() || one.volumes() != other.volumes() ||
         one.configs() != other.configs() || one.secrets() != other.secrets();
}

}  // namespace

TEST_CASE("there is a value for every key of the specification's schema", "[compose]") {
  std::set<std::string> values;
  for (const KeyCase& one : cases()) values.insert(one.object + ' ' + one.key);
  std::istringstream lines{read_text(kKeys)};
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    INFO(line);
    CHECK(values.contains(line));
  }
  CHECK(count > 300);
}

TEST_CASE("every key of the specification's schema is honoured, or noted with its line and column", "[compose]") {
  const Files files;
  for (const KeyCase& one : cases()) {
    INFO(one.object << ": " << one.text);
    const std::string document = replace_all(one.document, "@", one.text);
    const auto [with, refusal] = files.load(document);
    if (!with) {
      FAIL_CHECK(refusal);
      continue;
    }
    const auto without = files.load(replace_all(one.document, "@", "")).project;
    const auto& notes = with->notes();
    const bool noted = std::any_of(notes.begin(), notes.end(), [&](const ProjectNote& note) {
      return is_about(note, one) && has_place(note, document);
    });
    const bool honoured = !without || differs(*with, *without);
    CHECK((noted || honoured));
  }
}
