// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What every command shares: where the store is, and what is to be done once the command line has been understood.

#include <dunnage/container_store.hpp>
#include <dunnage/image_store.hpp>
#include <dunnage/volume_store.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace cli {

/// Exit codes that speak about dunnage and not about the program it ran; the same as those of `docker run`.
inline constexpr int kFailure = 1;
inline constexpr int kLaunchFailure = 125;
inline constexpr int kProgramUnusable = 126;
inline constexpr int kProgramMissing = 127;
/// Those of Docker Compose, for files that are not there and files that are wrong.
inline constexpr int kNoProject = 14;
inline constexpr int kWrongProject = 15;

struct Session {
  std::string store{};  ///< --store; empty: dunnage::default_store()
  std::vector<std::string>
      positional{};  ///< of `run` and `exec`, also of compose: everything from the first word that is no option
  int failure_code = kFailure;    ///< exit code when the command throws
  bool runs_program = false;      ///< 126 and 127 say that the program cannot be executed or is absent
  std::function<int()> action{};  ///< the command that was asked for; returns the exit code

  [[nodiscard]] std::filesystem::path store_root() const;
  [[nodiscard]] dunnage::ContainerStore containers() const;
  [[nodiscard]] dunnage::VolumeStore volumes() const;
  [[nodiscard]] dunnage::ImageStore images() const;
};

/// Prints `dunnage: MESSAGE` to standard error.
void complain(const std::string& message);

/// Docker's question before something goes. Without somebody to answer it, the answer is no.
[[nodiscard]] bool confirmed(const std::string& warning);

/// Does `act` for each name, goes on after an error, and tells it; returns the exit code.
int for_each_name(const std::vector<std::string>& names, const std::function<void(const std::string&)>& act);

}  // namespace cli
