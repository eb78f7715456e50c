// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Copying files into and out of containers, which `cp` and `compose cp` share.

#include "session.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace cli {

struct CopyFlags {
  std::string source{};
  std::string target{};
  bool archive = false;
  bool follow_links = false;
  bool quiet = false;

  /// \param name what stands before the colon
  void add_to(CLI::App& command, const std::string& name);
};

/// \return the exit code. Throws: std::invalid_argument, dunnage::Error.
int copy(const CopyFlags& flags, const Session& session);

}  // namespace cli
