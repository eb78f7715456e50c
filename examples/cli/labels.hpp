// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Labels on the command line and in tables.

#include <dunnage/volume.hpp>
#include <dunnage/volume_store.hpp>

#include <string>
#include <vector>

namespace cli {

/// `KEY=VALUE` or `KEY` each; the last of a key counts. Throws: std::invalid_argument.
[[nodiscard]] dunnage::Labels parse_labels(const std::vector<std::string>& texts);

/// `a=1,b=2`
[[nodiscard]] std::string joined(const dunnage::Labels& labels);

/// `label=KEY[=VALUE]` and `dangling=true|false` each, as `docker volume ls --filter`. Throws: std::invalid_argument.
[[nodiscard]] dunnage::VolumeFilter parse_filters(const std::vector<std::string>& texts);

}  // namespace cli
