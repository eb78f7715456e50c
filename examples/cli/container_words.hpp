// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A container in a table, in Docker's words.

#include <dunnage/container_store.hpp>

#include <string>

namespace cli {

[[nodiscard]] bool is_up(dunnage::ContainerStatus status);
/// In quotes, and cut unless it is wanted `whole`.
[[nodiscard]] std::string command_of(const dunnage::ContainerInfo& info, bool whole);
/// "Up 5 minutes", "Exited (137) 2 hours ago"
[[nodiscard]] std::string status_of(const dunnage::ContainerInfo& info);
[[nodiscard]] std::string mounts_of(const dunnage::ContainerInfo& info);

}  // namespace cli
