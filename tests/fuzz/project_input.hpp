// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the fuzzer of projects does with some bytes, and what the tests do with its corpus.

#include "support/temporary_directory.hpp"

#include <filesystem>
#include <string_view>

namespace dunnage::test {

/// The directory of the projects, with files they may include, extend and read: more.yaml, variables, .env, file.
class ProjectGround {
 public:
  ProjectGround();
  [[nodiscard]] std::filesystem::path project() const { return directory_.path() / "project"; }
  /// Is not there.
  [[nodiscard]] std::filesystem::path store() const { return directory_.path() / "store"; }

 private:
  TemporaryDirectory directory_{};
};

/// Loads the bytes as a Compose file to which nothing is granted. It must be refused by a ProjectError that leads to a
/// place in a file, or be loaded; then what it prints must mean the same project, and planning it must end well or in
/// an error. Ends the process if anything else happens.
void load_project_input(const ProjectGround& ground, std::string_view bytes);

}  // namespace dunnage::test
