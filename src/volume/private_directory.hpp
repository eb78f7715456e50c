// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Directories of a store: the user's own and closed to everybody else, or refused.

#include <dunnage/error.hpp>

#include "kernel/file_descriptor.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace dunnage::volume {

inline constexpr mode_t kPrivateDirectory = S_IRWXU;
inline constexpr mode_t kPrivateFile = S_IRUSR | S_IWUSR;

/// The store, or the part of it at `path`, cannot be used.
[[nodiscard]] VolumeError unusable(const std::filesystem::path& path, std::string cause, std::string remedy);

/// Refuses what somebody else could have put there or could change.
/// Throws: VolumeError(store_unusable), CallError.
void check_private(int fd, const std::filesystem::path& path);
void check_private(const struct stat& status, const std::filesystem::path& path);

/// Opens the directory `name` in `parent` for reading, checked to be private. `path` is what to call it in errors.
/// \return empty if it is not there. Throws: VolumeError(store_unusable), CallError.
[[nodiscard]] kernel::FileDescriptor open_private(int parent, const char* name, const std::filesystem::path& path);

}  // namespace dunnage::volume
