// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Launchers of processes of their own, and what a launcher holds.

#include <sys/types.h>

#include <functional>
#include <set>
#include <string>

namespace dunnage::test {

/// Runs `work` in a process of its own: the other tests want their launcher.
[[nodiscard]] bool holds_elsewhere(const std::function<bool()>& work);

[[nodiscard]] pid_t launcher_pid();

/// The network namespaces the launcher holds a descriptor of; only root may look.
[[nodiscard]] std::set<std::string> networks_of_launcher();

}  // namespace dunnage::test
