// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunnage/container_store.hpp>

#include <CLI/CLI.hpp>

#include <string>

namespace cli {

/// Which part of a log is shown; the same words for one container and for those of a project.
struct LogFlags {
  std::string tail = "all";
  std::string since{};
  bool follow = false;

  /// \param whose "the container has", "they have"; \param of_each " of each", or nothing
  void add_to(CLI::App& command, const std::string& whose, const std::string& of_each = {});
  /// Throws: std::invalid_argument for what is no number of lines, or no time.
  [[nodiscard]] dunnage::LogOptions options() const;
};

}  // namespace cli
