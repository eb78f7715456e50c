// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The directories of volumes. All of these throw CallError.

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"

#include <string>
#include <vector>

namespace dunnage::volume {

/// The directory `volumes/<name>`, readable.
/// \return empty if there is none, or if nothing can be called that
[[nodiscard]] kernel::FileDescriptor open_volume_directory(const Layout& layout, const std::string& name);
/// The same. Throws: VolumeError(volume_missing) with that operation if there is none; CallError.
[[nodiscard]] kernel::FileDescriptor require_volume_directory(const Layout& layout, const std::string& operation,
                                                              const std::string& name);

/// The directory `_data` in that of a volume or of a stage, readable.
[[nodiscard]] kernel::FileDescriptor open_data_directory(int directory);

/// The lock file of a volume, for reading and writing; made if it is missing.
/// \return empty if the directory was deleted since it was opened
[[nodiscard]] kernel::FileDescriptor open_lock(int volume_fd);

/// Whether there is a record of that container, running or not. False for what no container can be called.
[[nodiscard]] bool container_exists(const Layout& layout, const std::string& name);

/// Every name in `volumes/` that a volume can have, sorted.
[[nodiscard]] std::vector<std::string> volume_names(const Layout& layout);

/// The same to find a name that was meant, for an error: none in a store of so many that looking would take longer than
/// what failed.
[[nodiscard]] std::vector<std::string> names_to_suggest(const Layout& layout);

}  // namespace dunnage::volume
