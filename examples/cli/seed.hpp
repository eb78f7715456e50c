// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a new volume has in it, as people write it.

#include <dunnage/volume_seed.hpp>

#include <string>

namespace cli {

/// `dir=PATH`, `tar=FILE`, `snapshot=VOLUME@SNAPSHOT`; nothing: none. Throws: std::invalid_argument.
[[nodiscard]] dunnage::VolumeSeed parse_seed(const std::string& text);

}  // namespace cli
