// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Containers of a project in the foreground: their logs on the user's terminal, until all have ended or a signal
/// comes.

#include "log_printer.hpp"
#include "session.hpp"
#include "signals.hpp"

#include <dunnage/project_plan.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace cli {

/// What the end of one container does to the others.
enum class OnExit { Nothing, Stop, StopIfFailed };

struct Attached {
  std::vector<std::string> containers;   ///< names
  std::vector<std::string> shown{};      ///< those of them whose logs are printed
  std::vector<std::string> code_from{};  ///< the first of these to end gives the exit code; empty: who stops the others
  OnExit on_exit = OnExit::Nothing;
  std::chrono::system_clock::time_point since;
  LogStyle style{};
};

/// \param down how they are stopped when a signal comes; a second one kills them
/// \return the exit code that was asked for, else 0, or 130 after a signal
int attach(const dunnage::Project& project, const Session& session, const Attached& attached,
           const dunnage::DownOptions& down, Signals& signals);

}  // namespace cli
