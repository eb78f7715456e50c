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
  bool always_recreate_dependencies = false;
  bool build = false;
  bool no_build = false;
  std::string pull{};
  std::optional<unsigned> seconds{};

  void add_to(CLI::App& command);
  /// Throws: std::invalid_argument for a scale that is none, and for flags that exclude each other.
  [[nodiscard]] dunnage::UpOptions options(const std::filesystem::path& store) const;
};

/// SERVICE=NUMBER. Throws: std::invalid_argument.
[[nodiscard]] std::pair<std::string, unsigned> parse_scale(const std::string& text);
/// "", "always", "missing", "never", and what Docker Compose takes besides. Throws: std::invalid_argument.
[[nodiscard]] std::optional<dunnage::PullPolicy> parse_pull(const std::string& text);

struct DownFlags {
  std::vector<std::string> services{};
  bool volumes = false;
  bool remove_orphans = false;
  std::string images{};
  std::optional<unsigned> seconds{};

  [[nodiscard]] dunnage::DownOptions options(const std::filesystem::path& store) const;
};

}  // namespace cli
