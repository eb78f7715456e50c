// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What of a mount the container shall not see.

#include "kernel/file_descriptor.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dunnage::prepare {

struct Excluded {
  std::vector<std::string> paths;                   ///< below the top
  std::vector<kernel::FileDescriptor> descriptors;  ///< O_PATH, one for each
};

/// Looks through the mount for what the patterns mean; into what is excluded it does not look.
/// \param mount a detached mount. Mounts below are looked through as well. Throws: kernel::CallError; E2BIG and ELOOP
/// at the bounds of the walk, EMFILE when there is more to hide than 4096.
[[nodiscard]] Excluded find_excluded(int mount, const std::vector<std::string>& patterns);

}  // namespace dunnage::prepare
