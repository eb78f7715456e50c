// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// -e and --env-file.

#include <dunnage/container.hpp>

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace cli {

/// `NAME=VALUE`, or `NAME` for the value this process has; a name it does not have is left out.
/// Throws: std::invalid_argument.
void add_variable(dunnage::Environment& environment, const std::string& text);

/// One variable a line; empty lines and lines that begin with `#` are skipped. Throws: std::runtime_error naming the
/// file and line.
void add_variables_of(dunnage::Environment& environment, const std::filesystem::path& file);

struct EnvironmentFlags {
  std::vector<std::string> variables{};
  std::vector<std::string> files{};

  void add_to(CLI::App& command);
  [[nodiscard]] dunnage::Environment environment() const;  ///< -e wins over --env-file, the last over the first
};

}  // namespace cli
