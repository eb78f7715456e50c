// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A program of the machine, such as skopeo(1), run without disturbing the host: no fork of it, no child of it, no
/// SIGCHLD, and no program left behind, also when the host is killed.

#include "kernel/file_descriptor.hpp"
#include "launcher/spawn.hpp"

#include <optional>
#include <string>
#include <vector>

namespace dunnage::launcher {

struct ProgramRequest {
  std::string path;                      ///< of the executable
  std::vector<std::string> argv;         ///< its name first; anybody on the machine can read them
  std::vector<std::string> environment;  ///< "NAME=value"; nothing else is there
  int out = -1;                          ///< below zero: /dev/null
  int err = -1;
};

/// The executable of that name in the PATH of an environment; empty if there is none.
[[nodiscard]] std::string find_program(const std::string& name, const std::vector<std::string>& environment);

/// A running program. Not for several threads at once.
class KeptProgram {
 public:
  /// Throws: kernel::CallError.
  explicit KeptProgram(const ProgramRequest& request);
  KeptProgram(const KeptProgram&) = delete;
  KeptProgram& operator=(const KeptProgram&) = delete;
  /// Kills it, with the programs it started in its group, and returns when it has gone.
  ~KeptProgram();

  /// Readable when it has ended.
  [[nodiscard]] int channel() const noexcept { return channel_.get(); }
  /// What it exited with, or 128 + signal; nothing while it runs.
  /// Throws: kernel::CallError if it could not be executed, or its keeper was killed.
  [[nodiscard]] std::optional<int> status();

 private:
  kernel::FileDescriptor channel_;
  SpawnedProcess keeper_;
};

}  // namespace dunnage::launcher
