// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What else starts containers on this machine, used as it is meant to be: its program, with a root file system.

#include "bench/launch/stage.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace dunnage::bench {

/// Starts a program and waits; throws std::runtime_error unless it exits with 0.
void run_program(const std::vector<std::string>& argv);

/// Where a program of this machine is. Throws: std::runtime_error, "not installed".
[[nodiscard]] std::string installed(const std::string& name);
/// Puts control groups of version 2 out of sight of this process where there are ones of version 1 (crun 1.8 refuses to
/// work with both): call it in a process of its own.
void hide_unified_cgroup();

/// What a runtime is asked for.
enum class Isolation {
  Lean,  ///< six namespaces, /proc and /dev: no control group, nothing masked, no /sys
  Full,  ///< what the runtime's own `spec` command writes: what this library does, and a control group
};

/// `crun run` or `runc run` of a bundle below `directory`. Throws: std::runtime_error if it does not work here.
[[nodiscard]] std::function<void()> oci_runtime(const std::string& name, const std::filesystem::path& directory,
                                                const Stage& stage, Isolation isolation, unsigned binds);
/// `bwrap` with the same namespaces, /proc and /dev.
[[nodiscard]] std::function<void()> bubblewrap(const Stage& stage, unsigned binds);
/// `lxc-start` in the foreground, with /proc, /sys, /dev and control groups.
[[nodiscard]] std::function<void()> lxc(const Stage& stage, unsigned binds);

}  // namespace dunnage::bench
