// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What making a record and opening one again have in common.

#include "container/failure.hpp"
#include "container/record.hpp"
#include "kernel/file_descriptor.hpp"

#include <sys/stat.h>

#include <string>
#include <string_view>

namespace dunnage::container {

inline constexpr std::string_view kUnfinished = ".new-";  ///< begins the name of a record that is not one yet
inline constexpr mode_t kFileMode = S_IRUSR | S_IWUSR;

/// Throws: kernel::CallError.
[[nodiscard]] kernel::FileDescriptor duplicate(int fd);
/// The directory of a record; empty if there is none. Throws: kernel::CallError.
[[nodiscard]] kernel::FileDescriptor open_directory(int containers, const std::string& name);
void set_append(const kernel::FileDescriptor& log);

[[nodiscard]] LaunchError exists_failure(const Deed& deed);
/// The text of config.json. Throws: LaunchError(invalid_argument).
[[nodiscard]] std::string checked_config(const Deed& deed, const Config& config);
[[nodiscard]] Record make_record(const volume::Layout& layout, kernel::FileDescriptor containers,
                                 kernel::FileDescriptor directory, kernel::FileDescriptor log,
                                 kernel::FileDescriptor control);

}  // namespace dunnage::container
