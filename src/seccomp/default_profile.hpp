// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace dunnage::seccomp {

/// default.json, which the library carries.
[[nodiscard]] std::string_view default_profile() noexcept;

}  // namespace dunnage::seccomp
