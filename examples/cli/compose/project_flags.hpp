// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which project a command is about: -f, -p, --profile, --project-directory, --env-file, --untrusted.

#include "session.hpp"

#include <dunnage/project_plan.hpp>

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace cli {

struct ProjectFlags {
  std::vector<std::string> files{};
  std::string name{};
  std::vector<std::string> profiles{};
  std::string directory{};
  std::vector<std::string> env_files{};
  bool untrusted = false;
  bool interpolate = true;

  void add_to(CLI::App& compose);
  /// Reads the files, and says on standard error what is in them that cannot be done. Throws: dunnage::ProjectError.
  [[nodiscard]] dunnage::Project load(bool quiet = false) const;
  /// The project's name, for commands that need no more.
  [[nodiscard]] std::string project_name() const;
};

}  // namespace cli
