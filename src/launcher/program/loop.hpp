// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The launcher's life: take over the process, park, then obey until nobody needs it.

namespace dunnage::launcher {

void run_loop() noexcept;

}  // namespace dunnage::launcher
