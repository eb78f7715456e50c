// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Where the options of dunnage end and the program's own words begin.
///
///     dunnage run -it -v logs:/app/logs sh -c 'ls -l'
///             └─ options ─────────────┘ └─ program ──┘
///
/// As in Docker, the first word of `run` and `exec` that is no option ends the options, with or without `--` before it.

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace cli {

struct CommandLine {
  std::vector<std::string> parsed;      ///< for the parser
  std::vector<std::string> positional;  ///< of `run` and `exec`: the container's name, the program and its arguments
};

/// Options keep their values: `-eA=1`, `-e=A=1`, `-e A=1`, `--env=A=1` and `--env A=1` are one.
[[nodiscard]] CommandLine split_command_line(const CLI::App& app, const std::vector<std::string>& words);

}  // namespace cli
