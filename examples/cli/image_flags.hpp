// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The flags of `run` that are about its image: where it comes from, and what of it counts.

#include "pull_flags.hpp"
#include "session.hpp"

#include <dunnage/container.hpp>

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace cli {

struct ImageFlags {
  std::string policy = "missing";
  PullFlags from{};
  std::optional<std::string> entrypoint{};
  std::string volumes = "anonymous";
  std::string changes = "disk";
  std::vector<std::string> storage_options{};

  void add_to(CLI::App& command);
  /// Throws: dunnage::Error, std::invalid_argument.
  void apply(dunnage::LaunchSpec& spec) const;
  /// Fetches the image if it has to be, and unpacks it, so that the launch finds it. Throws: dunnage::Error.
  void fetch(const std::string& name, const Session& session) const;
};

}  // namespace cli
