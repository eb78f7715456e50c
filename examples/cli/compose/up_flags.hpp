// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The options of `compose up`, which `compose plan` has as well.

#include <dunnage/project_plan.hpp>

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace cli {

struct UpFlags {
  std::vector<std::string> services{};
  std::vector<std::string> scale{};
  bool force_recreate = false;
  bool no_recreate = false;
  bool renew_volumes = false;
  bool remove_orphans = false;
  bool no_dependencies = false;
  bool yes = false;
  std::optional<unsigned> seconds{};

  void add_to(CLI::App& command);
  /// Throws: std::invalid_argument for a scale that is none.
  [[nodiscard]] dunnage::UpOptions options(const std::filesystem::path& store) const;
};

struct DownFlags {
  std::vector<std::string> services{};
  bool volumes = false;
  bool remove_orphans = false;
  std::optional<unsigned> seconds{};

  [[nodiscard]] dunnage::DownOptions options(const std::filesystem::path& store) const;
};

}  // namespace cli
