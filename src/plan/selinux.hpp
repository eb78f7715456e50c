// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

namespace dunnage::plan {

/// The file is there where SELinux is on, enforcing or not.
[[nodiscard]] inline bool has_selinux() noexcept { return ::access("/sys/fs/selinux/enforce", F_OK) == 0; }

}  // namespace dunnage::plan
