// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A look at a source that is followed, as a change of mounts that nobody has sent (mount_change.hpp).

#include "launcher/program/named_source.hpp"

namespace dunnage::launcher {

/// 0 or -errno.
int start_look(NamedSource& source) noexcept;
/// What its look has come to. \param again  the container has become another meanwhile
void end_look(NamedSource& source, const Failure& failure, bool again) noexcept;

}  // namespace dunnage::launcher
