// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Where a path of the host leads, which is found out in time: whoever serves it may stand still.

#include "kernel/file_descriptor.hpp"

#include <string>

namespace dunnage::plan {

struct HostPath {
  int number = 0;                 ///< 0: it leads somewhere; else why not, ETIMEDOUT if nobody answers
  std::string path{};             ///< without links
  kernel::FileDescriptor opened;  ///< what is there, with O_PATH
};

/// \param path  absolute, or from the root; links are followed
[[nodiscard]] HostPath follow_host_path(const std::string& path);

/// What can be done about a file system that does not answer.
inline constexpr const char* kServerRemedy = "see what serves its file system, or unmount that";

}  // namespace dunnage::plan
