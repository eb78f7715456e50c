// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What else starts containers on this machine, used as it is meant to be: its program, with a root file system.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace dunnage::bench {

/// Starts a program and waits; throws std::runtime_error unless it exits with 0.
void run_program(const std::vector<std::string>& argv);

enum class Cgroup { Default, Disabled };

/// `crun run` or `runc run` of a bundle below `directory`, made by the runtime's own `spec` command. With no control
/// group of version 2 in sight, where there are ones of version 1 (crun 1.8 refuses to work with both): call it in a
/// process of its own. Throws: std::runtime_error if the runtime is not installed or does not work here.
[[nodiscard]] std::function<void()> oci_runtime(const std::string& name, const std::filesystem::path& directory,
                                                const std::filesystem::path& root, Cgroup cgroup);

/// `bwrap` with the same namespaces, /proc and /dev.
[[nodiscard]] std::function<void()> bubblewrap(const std::filesystem::path& root);

}  // namespace dunnage::bench
