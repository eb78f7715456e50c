// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Names nobody else has.

#include <cstddef>
#include <string>

namespace dunnage::kernel {

/// Lower-case hex digits from the kernel's random numbers; 64 of them make an id as Docker's.
/// Throws: CallError.
[[nodiscard]] std::string random_hex(std::size_t digits);

}  // namespace dunnage::kernel
