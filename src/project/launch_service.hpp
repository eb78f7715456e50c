// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A service's container as a launch that outlives who starts it.

#include <dunnage/project.hpp>

#include <filesystem>
#include <string>

namespace dunnage::project {

/// With its labels, its record and its log. \param name of the container
[[nodiscard]] LaunchSpec detached_spec(const Project& project, const std::string& service, unsigned number,
                                       const std::string& name, const std::filesystem::path& store);

/// Where configs and secrets that are no files are written to, for this project: `<store>/projects/<name>`.
[[nodiscard]] std::filesystem::path files_of(const Project& project, const std::filesystem::path& store);
/// Writes them, if there are some. Throws: LaunchError.
void write_files(const Project& project, const std::filesystem::path& store);
/// Removes them. No container may be left. Throws: LaunchError.
void remove_files(const Project& project, const std::filesystem::path& store);

/// What Compose gives a volume that it makes.
[[nodiscard]] VolumeOptions volume_options(const Project& project, const std::string& key);

}  // namespace dunnage::project
