// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Waiting for what `depends_on` wants of a container.

#include <dunnage/container_store.hpp>
#include <dunnage/image.hpp>
#include <dunnage/progress.hpp>

#include <string>

namespace dunnage::project {

/// Runs the check in the container as often as it says, as Docker does, and once early: who is healthy at once is
/// waited for no longer. What fails before the first interval, or in the start period, does not count.
/// Throws: LaunchError if it ends or gets unhealthy, LaunchError(cancelled, timed_out) when the watch is over.
void await_healthy(const ContainerStore& store, const std::string& container, const Healthcheck& check,
                   const Watch& watch);

/// Throws: LaunchError if it ends with anything but 0, and as await_healthy().
void await_completed(const ContainerStore& store, const std::string& container, const Watch& watch);

}  // namespace dunnage::project
