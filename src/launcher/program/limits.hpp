// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The resource limits of every container. All but one do the launcher no harm, so it takes them itself, once, and its
/// children have them from birth; descriptors it needs more of, so each container sets that limit.

#include "launcher/protocol.hpp"

#include <sys/resource.h>

namespace dunnage::launcher {

/// Sets it and looks whether it is set: a filter around the host may say so and do nothing (kernel/read_back.hpp).
/// \return 0 or -errno
long set_seen_limit(int resource, const rlimit64& limit) noexcept;

/// Takes the limits. The one each container has to set is in `descriptors` then.
Failure take_limits(rlimit64& descriptors) noexcept;

}  // namespace dunnage::launcher
