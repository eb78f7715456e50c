// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Words for error numbers, the same on every C library and in every locale.

#include <string>

namespace dunnage::error {

/// "ENOENT" for 2; "errno 1234" for a number without a name.
[[nodiscard]] std::string errno_name(int number);

/// "no such file or directory" for ENOENT; where the C library's words mislead for mounts, better ones.
[[nodiscard]] std::string errno_reason(int number);

}  // namespace dunnage::error
