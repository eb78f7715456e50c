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

/// The same of a record that may be removed at this moment, of which nothing is told then. Without a config, because
/// config.json cannot be read, its name is told, and whether its container runs. Throws: kernel::CallError.
[[nodiscard]] std::optional<ContainerInfo> describe_present(int containers, const std::string& name, int record,
                                                            const std::optional<Config>& config, const Contact& contact,
                                                            const std::filesystem::path& path);

}  // namespace dunnage::container
