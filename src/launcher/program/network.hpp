// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Network namespaces made ahead.

namespace dunnage::launcher {

/// Where make_network() comes back to; -errno on failure.
int open_home_network(bool rootless) noexcept;

/// A descriptor of a new network namespace with its loopback device up; -errno on failure. The calling thread goes
/// there and back: a namespace lives as long as somebody is in it, or has a descriptor of it.
int make_network(int home, bool single_id) noexcept;

}  // namespace dunnage::launcher
