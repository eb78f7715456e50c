// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Network namespaces made ahead.

namespace dunnage::launcher {

/// A descriptor of a new network namespace with its loopback device up; -errno on failure.
int make_network() noexcept;

}  // namespace dunnage::launcher
