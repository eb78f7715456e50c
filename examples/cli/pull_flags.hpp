// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The flags of `pull`, and of `run` where it pulls, that say from where and what.

#include <dunnage/image_store.hpp>

#include <CLI/CLI.hpp>

#include <string>

namespace cli {

struct PullFlags {
  std::string platform{};
  std::string auth_file{};
  std::string certificates{};
  bool tls_verify = true;

  void add_to(CLI::App& command);
  /// All but the policy and the watch. Throws: dunnage::Error.
  [[nodiscard]] dunnage::PullOptions options() const;
};

/// `--platform`. Empty: this machine's.
void add_platform(CLI::App& command, std::string& platform);
/// Throws: dunnage::Error.
[[nodiscard]] dunnage::Platform platform_of(const std::string& text);

}  // namespace cli
