// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Opening what lies below a directory that is already open, without ever leaving it.

#include "kernel/file_descriptor.hpp"

#include <sys/types.h>

#include <string>

namespace dunnage::kernel {

/// Whether a walk may enter another file system.
enum class Crossing { Forbidden, Allowed };

/// `path` below `directory` by openat2: no link is followed, nothing above `directory` is reached. O_CLOEXEC is added.
/// \return an empty descriptor and errno on failure; there is no weaker second try.
[[nodiscard]] FileDescriptor open_beneath(int directory, const char* path, int flags, mode_t mode = 0,
                                          Crossing crossing = Crossing::Forbidden) noexcept;
[[nodiscard]] inline FileDescriptor open_beneath(int directory, const std::string& path, int flags, mode_t mode = 0,
                                                 Crossing crossing = Crossing::Forbidden) noexcept {
  return open_beneath(directory, path.c_str(), flags, mode, crossing);
}

/// Likewise, but links are followed as long as they stay below `directory`; EXDEV for one that does not.
[[nodiscard]] FileDescriptor open_inside(int directory, const char* path, int flags) noexcept;

/// The open directory itself, to be read; of a detached mount, its top.
/// \return an empty descriptor and errno on failure
[[nodiscard]] FileDescriptor open_readable(int directory) noexcept;
/// The same. Throws: CallError.
[[nodiscard]] FileDescriptor require_readable(int directory);

}  // namespace dunnage::kernel
