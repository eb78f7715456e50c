// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a record and its launcher say about a container.

#include "container/config.hpp"
#include "container/control.hpp"
#include "launcher/socket.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace dunnage::container {

/// Everything that is told by an answer of the launcher, or by state.json where there is none.
/// \param path  the record's
[[nodiscard]] ContainerInfo describe(const Config& config, const Contact& contact, int record,
                                     const std::filesystem::path& path);

/// Reads a record and asks its launcher, until the deadline at most. Nothing if it was removed meanwhile.
/// Throws: kernel::CallError, std::invalid_argument if the record is damaged.
[[nodiscard]] std::optional<ContainerInfo> inspect_record(int containers, const std::string& name, int record,
                                                          const std::filesystem::path& path,
                                                          launcher::Deadline deadline);

/// What can be said about a record whose config.json cannot be read: its name, and whether its container runs.
/// Nothing if it was removed meanwhile. Throws: kernel::CallError.
[[nodiscard]] std::optional<ContainerInfo> describe_unreadable(int containers, const std::string& name, int record,
                                                               const std::filesystem::path& path,
                                                               launcher::Deadline deadline);

}  // namespace dunnage::container
