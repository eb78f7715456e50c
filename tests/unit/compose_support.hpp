// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Projects in directories that last as long as a test.

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <dunnage/project.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>

namespace dunnage::test {

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream{path, std::ios::binary} << text;
}

inline std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// A directory called "project" with these files in it.
class ProjectDirectory {
 public:
  explicit ProjectDirectory(const std::map<std::string, std::string>& files) {
    std::filesystem::create_directories(path());
    for (const auto& [name, text] : files) {
      write_text(path() / name, text);
    }
  }

  [[nodiscard]] std::filesystem::path path() const { return directory_.path() / "project"; }
  [[nodiscard]] std::filesystem::path outside() const { return directory_.path(); }

  /// With everything granted, in an environment of its own.
  [[nodiscard]] ProjectSource trusted() const {
    ProjectSource source;
    source.files = {path() / "compose.yaml"};
    source.environment = Environment{{"HOME", "/home/user"}};
    source.grants = ProjectGrants::all();
    return source;
  }
  /// With nothing granted.
  [[nodiscard]] ProjectSource untrusted() const {
    ProjectSource source;
    source.files = {path() / "compose.yaml"};
    return source;
  }

 private:
  TemporaryDirectory directory_{};
};

/// What loading says, or "loaded".
inline std::string answer(const ProjectSource& source) {
  try {
    (void)Project::load(source);
    return "loaded";
  } catch (const ProjectError& error) {
    return error.what();
  }
}

}  // namespace dunnage::test
