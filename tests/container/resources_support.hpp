// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Cgroups as the host sees them.

#include <dunnage/container.hpp>

#include <filesystem>
#include <initializer_list>
#include <set>
#include <string>
#include <vector>

namespace dunnage::test {

/// Whether support() says that limits of this kind can be set: "memory", "pids", "cpus", "cpuset", "blkio".
[[nodiscard]] bool limits_can_be_had(const std::string& kind);
/// The same of all; else it has called skip() with the reason.
[[nodiscard]] bool requires_limits(std::initializer_list<const char*> kinds);

/// Where its first process is in the hierarchies that are about this test: those of version 1 that have the
/// container's id at their end, or all if none has.
[[nodiscard]] std::set<std::string> cgroups_of(const Container& container);
[[nodiscard]] std::set<std::string> cgroups_of_this_process();

/// Cgroups of that name, in any hierarchy.
[[nodiscard]] std::vector<std::filesystem::path> directories_named(const std::string& name);
/// The cgroups beside the container's, its own included.
[[nodiscard]] std::set<std::string> siblings_of(const Container& container);

}  // namespace dunnage::test
