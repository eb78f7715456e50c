// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dunnage::kernel {

/// One run of the machine (proc_sys_kernel(5), random/boot_id). Read once in each process. Throws: CallError.
[[nodiscard]] const std::string& boot_id();

}  // namespace dunnage::kernel
