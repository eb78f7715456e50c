// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Limits of volumes as flags, and how much volumes hold as a table.

#include "command.hpp"

#include <dunnage/volume_store.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cli {

void add_limit(CLI::App& command, std::string& size, std::uint64_t& inodes);
/// Nothing if it was not asked for; "none" is VolumeLimit{}. Throws: std::invalid_argument.
[[nodiscard]] std::optional<dunnage::VolumeLimit> limit_of(const std::string& size, std::uint64_t inodes);

/// "1.23GB of 4GB by btrfs-quota"
[[nodiscard]] std::string shown_usage(const dunnage::VolumeUsage& usage);
/// Prints it. \param max_age  a duration; empty: measured now
int show_sizes(const std::vector<std::string>& names, const std::string& max_age, bool json, const Session& session);

}  // namespace cli
