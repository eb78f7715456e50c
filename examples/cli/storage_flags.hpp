// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// -v, --mount and --tmpfs, which `run` and `plan` share.

#include <dunnage/mount_set.hpp>

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace cli {

struct StorageFlags {
  std::vector<std::string> volumes{};
  std::vector<std::string> mounts{};
  std::vector<std::string> tmpfs{};

  void add_to(CLI::App& command);
  /// Throws: what the parsers of the texts and MountSet::add() throw.
  [[nodiscard]] dunnage::MountSet mount_set() const;
};

}  // namespace cli
