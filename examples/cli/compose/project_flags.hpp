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
  /// Reads the files. A profile that one of `services` needs is enabled, as Docker Compose does for what is named.
  /// Throws: dunnage::ProjectError.
  [[nodiscard]] dunnage::Project load(const std::vector<std::string>& services = {}) const;
  /// The same, and says on standard error what the files ask and cannot have: where that is about to matter.
  [[nodiscard]] dunnage::Project load_aloud(const std::vector<std::string>& services = {}) const;
  /// For verbs on what is there already: with a name and without files, the project as its containers tell it.
  [[nodiscard]] dunnage::Project load_or_remember(const Session& session,
                                                  const std::vector<std::string>& services = {}) const;
  /// The project's name, for commands that need no more.
  [[nodiscard]] std::string project_name() const;

 private:
  [[nodiscard]] dunnage::ProjectSource source() const;
};

}  // namespace cli
