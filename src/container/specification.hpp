// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A record as what it was made of, for who starts its container again.

#include "container/record.hpp"
#include "container/state.hpp"

#include <filesystem>
#include <optional>

namespace dunnage::container {

[[nodiscard]] Rootfs rootfs_of(const Config& config);

/// The mounts, and which volumes go with the container: those of its mounts, and of those that were detached.
[[nodiscard]] Storage storage_of(const Config& config, const std::filesystem::path& store);

/// What a container has now: another handle may have attached something since this one was made. What the handle knows,
/// if there is no record of it, or none that can be read.
[[nodiscard]] Storage present_storage(const ContainerAccess::ContainerState& state);

/// The specification, but for its mounts. It is that of a detached container, whose output goes to its log, whatever
/// it was before: nobody is left who could take it. Nothing if the record does not hold all of it.
[[nodiscard]] std::optional<LaunchSpec> specification_of(const Config& config, const std::filesystem::path& store);

}  // namespace dunnage::container
