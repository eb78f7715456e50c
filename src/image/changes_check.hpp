// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is wrong with what containers wrote to the roots of their images: nobody has it any more, or what holds its
/// limit is damaged.

#include "image/layout.hpp"
#include "volume/findings.hpp"

#include <chrono>

namespace dunnage::image {

/// The faults may be repaired under a RepairLock. \param grace  as in StoreCheck. Throws: kernel::CallError.
[[nodiscard]] volume::StoreFaults faults_of_changes(const Layout& layout, std::chrono::milliseconds grace);

}  // namespace dunnage::image
