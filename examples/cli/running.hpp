// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A container that is there: its handle while it runs, and then how it ended.

#include <dunnage/container_store.hpp>

#include <optional>
#include <string>

namespace cli {

/// A handle, or nothing if the container has ended. Throws: LaunchError(container_missing).
[[nodiscard]] std::optional<dunnage::Container> running(const dunnage::ContainerStore& containers,
                                                        const std::string& name);

/// Of one that has ended; 0 where nothing is known of that. Throws: LaunchError(container_missing).
[[nodiscard]] int exit_code_of(const dunnage::ContainerStore& containers, const std::string& name);

}  // namespace cli
