// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Where something stands in a text of JSON, for whoever has to correct it there.

#include <cstddef>
#include <string_view>

namespace dunnage::seccomp {

/// The line of "syscalls[3].args[0].op", from 1; of the innermost part that is there where it is missing.
/// \param json a text that has been parsed
[[nodiscard]] std::size_t line_of(std::string_view json, std::string_view place) noexcept;

}  // namespace dunnage::seccomp
