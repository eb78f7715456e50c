// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a file of YAML may be written in.

#include "compose/texts.hpp"

#include <cstdint>

namespace dunnage::compose {

/// Refuses what is not UTF-8, and control characters, as the reference loader does: they would be printed as other
/// ones, or drive a terminal. Throws: ProjectError.
void check_encoding(const Texts& texts, std::uint32_t file);

}  // namespace dunnage::compose
