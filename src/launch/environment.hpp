// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The environment of a program: nothing of it comes from the host.

#include <dunnage/container.hpp>

#include <string>
#include <vector>

namespace dunnage::launch {

/// PATH as Docker sets it, HOME, HOSTNAME, TERM with a terminal; then what was asked for, which wins.
[[nodiscard]] Environment complete_environment(const Environment& asked, const std::string& home,
                                               const std::string& hostname, bool terminal);

/// "NAME=value" lines.
[[nodiscard]] std::vector<std::string> lines_of(const Environment& environment);

}  // namespace dunnage::launch
