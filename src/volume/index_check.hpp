// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Whether the index for listings is whole, and says what the volumes say.

#include "volume/findings.hpp"
#include "volume/layout.hpp"

namespace dunnage::volume {

/// An index of another start of the kernel, or of another place, is not looked into: nobody believes it.
/// Throws: CallError.
[[nodiscard]] StoreFaults faults_of_index(const Layout& layout);

}  // namespace dunnage::volume
