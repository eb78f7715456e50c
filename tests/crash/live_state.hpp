// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Where the mounts of a container that runs are told: in its record, in its plan, and by the kernel.

#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>

#include <filesystem>
#include <string>

namespace dunnage::test {

inline constexpr const char* kLiveContainer = "live";
inline constexpr const char* kRuns = "runs";  ///< its label, if it outlives the process that launched it
/// Its mounts are below this directory, all of them volumes.
inline constexpr const char* kLivePlaces = "/live/";

/// Returns when its launcher has done all that was asked of it, whoever has been killed since.
void settle(const std::filesystem::path& store);

/// A line for each mount the record has, and, if it runs, for each one the kernel shows, and for what was left beside
/// the record: with one that has ended this stays until its mounts are changed again, or it is removed.
[[nodiscard]] std::string mounts_of(const ContainerInfo& container, const std::filesystem::path& store);

/// What the plan, the record and the kernel say, if that is not the same of all; empty if it is.
[[nodiscard]] std::string disagreement_of(const Container& container, const std::filesystem::path& store);

/// Whether it runs with just the mounts it was launched with, and nothing is there that was made later.
[[nodiscard]] bool is_live_as_launched(const std::filesystem::path& store);

}  // namespace dunnage::test
